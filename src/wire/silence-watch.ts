// Ends a stream whose other side says nothing for too long: a connection that is dead without either side knowing.
import { HoldfastError } from '../core/errors.ts'

/** `signal` is aborted with CONNECTION_LOST, or with the outer signal's reason. Only the time between `resume` and `pause` counts. */
export class SilenceWatch {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  readonly #timer: NodeJS.Timeout
  #isPaused = false

  constructor(who: string, limitMs: number, outer: AbortSignal | undefined) {
    this.signal =
      outer === undefined ? this.#controller.signal : AbortSignal.any([outer, this.#controller.signal])
    this.#timer = setTimeout(() => {
      if (this.#isPaused) {
        this.#timer.refresh()
        return
      }
      this.#controller.abort(
        new HoldfastError('CONNECTION_LOST', `${who} has been silent for ${limitMs / 1000} s`),
      )
    }, limitMs)
    this.#timer.unref()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#timer.refresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
