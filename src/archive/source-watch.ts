// Looks at a server now and then while its log is streamed: it may become unfit for that without the connection ending.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { Connection } from '../wire/connection.ts'

/** Throws where a server must not be archived any more. */
export type RefuseSource = (connection: Connection, signal: AbortSignal | undefined) => Promise<void>

export interface SourceWatchOptions {
  readonly settings: ConnectionSettings
  readonly refuse: RefuseSource
  readonly everyMs: number
  readonly emit: EmitEvent
}

/** Over connections of its own, since the stream keeps its own one busy; one look at a time. */
export class SourceWatch implements AsyncDisposable {
  readonly #options: SourceWatchOptions
  readonly #stop = new AbortController()
  #looking: Promise<void> | undefined
  #lookedAtMs = Date.now()
  #refusal: unknown
  #isBlind = false

  constructor(options: SourceWatchOptions) {
    this.#options = options
  }

  /** The next call of `lookIfDue` is due. */
  lookSoon(): void {
    this.#lookedAtMs = 0
  }

  /** Begins a look when it is time for one, and throws what an earlier one has found. */
  lookIfDue(): void {
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#looking !== undefined || Date.now() - this.#lookedAtMs < this.#options.everyMs) return
    this.#looking = this.#look().finally(() => {
      this.#lookedAtMs = Date.now()
      this.#looking = undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#looking
  }

  /** Never throws. */
  async #look(): Promise<void> {
    const { settings, refuse, emit } = this.#options
    const { signal } = this.#stop
    try {
      await using connection = await Connection.open(settings, { signal })
      // Not only the statement: MariaDB ends none that waits for a lock of its binary log.
      const onAbort = (): void => connection.destroy()
      signal.addEventListener('abort', onAbort, { once: true })
      await refuse(connection, signal)
      signal.removeEventListener('abort', onAbort)
      this.#isBlind = false
    } catch (error) {
      if (signal.aborted) return
      if (isHoldfastError(error, 'BINLOG_UNSUITABLE')) this.#refusal = error
      else if (!this.#isBlind) {
        // No reason to end a stream that goes on; should its own connection end, that is told there.
        this.#isBlind = true
        const reason = error instanceof Error ? error.message : String(error)
        const message = `cannot look whether the source still logs all that it changes: ${reason}`
        emit({ type: 'notice', level: 'info', message })
      }
    }
  }
}
