// Hands out a table in ranges of about one size, each when somebody is ready to read it.
import { type KeyRange, wholeTable } from './key-range.ts'
import type { RangeKey } from './range-key.ts'
import type { SeekSession } from './seek-session.ts'
import { estimateRows } from './seeks.ts'
import { splitRange } from './split-range.ts'

export interface TableRangesOptions {
  /** Rows that a range should have at most; 1 or more. It may have half as many again, and more where rows cannot be told apart. */
  readonly targetRows: number
}

// Two halves of a range just above the target would be half empty: rather one that is a bit too large.
const tolerance = 1.5

/**
 * The ranges of a table, which together are the whole table whatever is written meanwhile. They are cut one by one as they are asked for, a
 * few statements each; several callers may ask at once.
 */
export class TableRanges {
  readonly #session: SeekSession
  readonly #key: RangeKey
  readonly #largestRows: number
  /** What is still to be given, the leftmost last. */
  #rest: KeyRange[] | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(session: SeekSession, key: RangeKey, { targetRows }: TableRangesOptions) {
    this.#session = session
    this.#key = key
    this.#largestRows = Math.max(1, targetRows) * tolerance
  }

  /**
   * The next range to the right, undefined after the last. After a failure the same range can be asked for again.
   * @throws HoldfastError SERVER_ERROR when the table is gone or changed, CONNECTION_LOST, or the signal's reason
   */
  next(signal?: AbortSignal): Promise<KeyRange | undefined> {
    const result = this.#last.then(() => this.#next(signal))
    this.#last = result.catch(() => undefined)
    return result
  }

  async #next(signal: AbortSignal | undefined): Promise<KeyRange | undefined> {
    // Even when nothing has to be asked: a range that nobody takes would be lost.
    signal?.throwIfAborted()
    this.#rest ??= await this.#whole(signal)
    for (;;) {
      const range = this.#rest.at(-1)
      if (range === undefined) return undefined
      const halves =
        range.estimatedRows <= this.#largestRows
          ? undefined
          : await splitRange(this.#session, this.#key, range, signal)
      this.#rest.pop()
      if (halves === undefined) return range
      this.#rest.push(halves[1], halves[0])
    }
  }

  async #whole(signal: AbortSignal | undefined): Promise<KeyRange[]> {
    const bounds = wholeTable(this.#key)
    const sizes = await estimateRows(this.#session, this.#key, bounds, signal)
    return bounds.map((range, at) => ({
      ...range,
      estimatedRows: sizes === 'refused' ? 0 : (sizes[at] ?? 0),
    }))
  }
}
