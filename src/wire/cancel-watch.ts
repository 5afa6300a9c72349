// Watches over one statement: on abort or time-out it has the statement killed, and gives up the connection if that does not help.
import { HoldfastError } from '../core/errors.ts'

export interface StatementOptions {
  readonly signal?: AbortSignal | undefined
  /** Longest time for the whole statement, its rows included; no bound when absent. */
  readonly timeoutMs?: number | undefined
}

/** A killed statement may have much to roll back; after this long the connection is given up instead. */
const killGraceMs = 30_000

export interface CancelActions {
  /** Ends the statement on the server. */
  kill(): Promise<void>
  /** Gives up the connection. */
  destroy(): void
}

/** Created when a statement is sent, disposed when its answer was read. */
export class CancelWatch implements Disposable {
  readonly #options: StatementOptions
  readonly #actions: CancelActions
  readonly #timer: NodeJS.Timeout | undefined
  #graceTimer: NodeJS.Timeout | undefined
  #fired: { readonly reason: unknown; readonly killed: Promise<void> } | undefined
  /** Called once when the watch fires: for a sender that waits for something other than the server. */
  onFire: (() => void) | undefined
  readonly #onAbort = (): void => this.#fire(this.#options.signal?.reason)

  constructor(options: StatementOptions, actions: CancelActions) {
    this.#options = options
    this.#actions = actions
    options.signal?.addEventListener('abort', this.#onAbort, { once: true })
    const { timeoutMs } = options
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.#fire(timeoutError(timeoutMs)), timeoutMs)
    }
  }

  get isFired(): boolean {
    return this.#fired !== undefined
  }

  /** What the caller is to be told: the signal's reason, or SERVER_TIMEOUT. */
  get reason(): unknown {
    return this.#fired?.reason
  }

  /** Resolves when the kill was done or the connection given up; at once when nothing fired. */
  async killed(): Promise<void> {
    await this.#fired?.killed
  }

  /** Kills the statement for a reason of the caller's own, e.g. data that cannot be read. */
  cancel(reason: unknown): void {
    this.#fire(reason)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#graceTimer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  #fire(reason: unknown): void {
    if (this.#fired !== undefined) return
    clearTimeout(this.#timer)
    this.#graceTimer = setTimeout(() => this.#actions.destroy(), killGraceMs)
    this.#fired = { reason, killed: this.#kill() }
    this.onFire?.()
  }

  async #kill(): Promise<void> {
    try {
      await this.#actions.kill()
    } catch {
      // Whatever was in the way of the kill (connection limit, dead server): without the connection the statement ends too.
      this.#actions.destroy()
    }
  }
}

function timeoutError(timeoutMs: number): HoldfastError {
  return new HoldfastError('SERVER_TIMEOUT', `no answer from the server within ${timeoutMs} ms`, {
    timeoutMs,
  })
}
