// What is to be read next: whole tables, and slices of those that are too large for one reader.
import type { Connection } from '../wire/connection.ts'
import { SeekSession } from './ranges/seek-session.ts'
import type { ReadEstimate } from './read-estimate.ts'
import { type SlicedTable, type TableSlice, TableSlices, wholeSlice } from './table-slices.ts'

export interface TableJob extends SlicedTable {
  readonly object: string
}

export interface ReadJob extends TableSlice {
  readonly table: TableJob
}

export interface ReadQueueOptions {
  /** A session that keys and boundaries are looked up in. */
  readonly control: Connection
  readonly jobs: readonly TableJob[]
  readonly readers: number
  readonly minRangeBytes: number
  /** Is told what is given out. */
  readonly estimate: ReadEstimate
}

// Past 256 MiB a reader that stays behind costs too much. Below that, eight ranges a reader even out what estimates get wrong.
const maxRangeBytes = 256 * 1024 * 1024
const rangesPerReader = 8

/** Tables in the order given. All readers work on one table while it has slices left, so its chunks come about in its order. */
export class ReadQueue {
  readonly #control: Connection
  readonly #seeks: SeekSession
  readonly #jobs: readonly TableJob[]
  /** How many of them are given out. */
  #done = 0
  readonly #rangeBytes: number
  readonly #slices = new Map<TableJob, Promise<TableSlices | undefined>>()
  readonly #isAlone: boolean
  readonly #estimate: ReadEstimate

  constructor({ control, jobs, readers, minRangeBytes, estimate }: ReadQueueOptions) {
    this.#control = control
    this.#seeks = new SeekSession(control)
    this.#jobs = jobs
    this.#isAlone = readers < 2
    this.#estimate = estimate
    const totalBytes = jobs.reduce((sum, job) => sum + job.estimatedBytes, 0)
    const share = totalBytes / (readers * rangesPerReader)
    this.#rangeBytes = Math.min(maxRangeBytes, Math.max(minRangeBytes, share))
  }

  async next(signal: AbortSignal): Promise<ReadJob | undefined> {
    for (;;) {
      const table = this.#jobs[this.#done]
      if (table === undefined) return undefined
      const slices = await this.#slicesOf(table, signal)
      if (slices === undefined) {
        // Another reader may have taken it while we looked for a key.
        if (this.#jobs[this.#done] !== table) continue
        this.#estimate.enter(table)
        this.#pass(table)
        return { table, ...wholeSlice(table) }
      }
      const slice = await slices.next(signal)
      if (slice !== undefined) {
        this.#estimate.enter(table)
        return { table, ...slice }
      }
      if (this.#jobs[this.#done] === table) this.#pass(table)
    }
  }

  #pass(table: TableJob): void {
    this.#done++
    this.#estimate.exhaust(table)
  }

  /** Undefined when the table is to be read whole. */
  async #slicesOf(table: TableJob, signal: AbortSignal): Promise<TableSlices | undefined> {
    const { estimatedBytes, isTransactional } = table
    if (this.#isAlone || !isTransactional || estimatedBytes < 2 * this.#rangeBytes) return undefined
    let slices = this.#slices.get(table)
    if (slices === undefined) {
      slices = TableSlices.of(table, this.#control, this.#seeks, this.#rangeBytes, signal)
      this.#slices.set(table, slices)
    }
    return slices
  }
}
