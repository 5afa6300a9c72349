// Calls between two threads over a message port: each side serves some functions and calls those of the other.
import type { MessagePort, Worker } from 'node:worker_threads'
import { fromPlainError, type PlainError, toPlainError } from './plain-error.ts'

/** Functions of one side. All arguments and answers must survive structured clone; the signal is made on the serving side. */
export type Calls = Readonly<Record<string, (argument: never, signal: AbortSignal) => Promise<unknown>>>

type ArgumentOf<T> = T extends (argument: infer A, ...rest: never[]) => Promise<unknown> ? A : never
type AnswerOf<T> = T extends (...all: never[]) => Promise<infer R> ? R : never

/** What comes in is `never`: the other side is compiled with the same types, so it is what its taker expects. */
type Message<Value> =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly argument: Value }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Value }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PlainError }

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

export class ThreadCalls<Theirs extends Calls> {
  readonly #port: MessagePort | Worker
  readonly #own: Calls
  readonly #waiting = new Map<number, Waiting>()
  readonly #served = new Map<number, AbortController>()
  #lastId = 0
  #gone: { readonly error: unknown } | undefined

  constructor(port: MessagePort | Worker, own: Calls) {
    this.#port = port
    this.#own = own
    port.on('message', (message: Message<never>) => this.#take(message))
  }

  /** Rejects with what the other side threw, or with the signal's reason when it was aborted. What is in `transfer` is given away. */
  async call<Name extends keyof Theirs & string>(
    name: Name,
    argument: ArgumentOf<Theirs[Name]>,
    signal?: AbortSignal,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<AnswerOf<Theirs[Name]>> {
    signal?.throwIfAborted()
    if (this.#gone !== undefined) throw this.#gone.error
    const id = ++this.#lastId
    const cancel = (): void => this.#post({ kind: 'cancel', id })
    const answer = new Promise<AnswerOf<Theirs[Name]>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
    this.#post({ kind: 'call', id, name, argument }, transfer)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await answer
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** The other side is gone: whoever waits or comes later is told why. */
  end(error: unknown): void {
    this.#gone ??= { error }
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    for (const controller of this.#served.values()) controller.abort(error)
  }

  #take(message: Message<never>): void {
    if (message.kind === 'call') void this.#serve(message.id, message.name, message.argument)
    else if (message.kind === 'cancel') this.#served.get(message.id)?.abort()
    else {
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (message.kind === 'answer') waiting?.resolve(message.value)
      else waiting?.reject(fromPlainError(message.error))
    }
  }

  async #serve(id: number, name: string, argument: never): Promise<void> {
    const controller = new AbortController()
    this.#served.set(id, controller)
    try {
      const serve = this.#own[name]
      if (serve === undefined) throw new TypeError(`no such call: ${name}`)
      this.#post({ kind: 'answer', id, value: await serve(argument, controller.signal) })
    } catch (error) {
      this.#post({ kind: 'failure', id, error: toPlainError(error) })
    } finally {
      this.#served.delete(id)
    }
  }

  #post(message: Message<unknown>, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#gone === undefined) this.#port.postMessage(message, [...transfer])
  }
}
