// Counts the bytes and rows of a phase that several sessions work on at once, and tells how far it has come.
import type { EmitEvent, ProgressEvent } from './events.ts'

/** How much there is in all. */
export type ExpectedTotal = Pick<ProgressEvent, 'total' | 'isEstimate' | 'isAtLeast' | 'followedBy'>

export interface RowProgressOptions {
  readonly emit: EmitEvent
  readonly phase: string
  /** Asked each time; nothing where nobody knows. */
  readonly expected: () => ExpectedTotal
  /** Bytes that were done before. */
  readonly doneBytes?: number
}

export class RowProgress {
  readonly #options: RowProgressOptions
  #bytes: number
  #rows = 0

  /** Begins the phase. */
  constructor(options: RowProgressOptions) {
    this.#options = options
    this.#bytes = options.doneBytes ?? 0
    options.emit({ type: 'phase', phase: options.phase })
    // Speed is counted from here.
    this.#tell(options.expected(), undefined)
  }

  /** `detail` says of what. */
  add(bytes: number, rows: number, detail: string | undefined): void {
    this.#bytes += bytes
    this.#rows += rows
    this.#tell(this.#options.expected(), detail)
  }

  /** Tells the same again, because what follows has changed. */
  repeat(detail: string): void {
    this.#tell(this.#options.expected(), detail)
  }

  /** Only now is all of it known to be done. */
  finish(): void {
    this.#tell({ total: this.#bytes }, undefined)
  }

  #tell(expected: ExpectedTotal, detail: string | undefined): void {
    this.#options.emit({
      type: 'progress',
      phase: this.#options.phase,
      done: this.#bytes,
      ...expected,
      rows: this.#rows,
      unit: 'bytes',
      ...(detail === undefined ? {} : { detail }),
    })
  }
}
