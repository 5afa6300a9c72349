// What is to be read next: whole tables, and ranges of those that are too large for one reader.
import type { Connection } from '../wire/connection.ts'
import { parenthesized } from './filters/row-condition.ts'
import { rangeCondition, rangeSelect, rangeText } from './ranges/key-range.ts'
import { type RangeKey, readRangeKey } from './ranges/range-key.ts'
import { SeekSession } from './ranges/seek-session.ts'
import { TableRanges } from './ranges/table-ranges.ts'
import type { TableDefinition } from './table-definition.ts'

export interface TableJob extends TableDefinition {
  readonly schema: string
  readonly select: string
  readonly object: string
}

export interface ReadJob {
  readonly table: TableJob
  /** Number of the range in its table, from the left. */
  readonly at: number
  /** The range for people. */
  readonly text: string
  /** The range for WHERE; '' for all rows. */
  readonly condition: string
  readonly select: string
}

interface CutTable {
  readonly key: RangeKey
  readonly ranges: TableRanges
  given: number
}

export interface ReadQueueOptions {
  /** A session that keys and boundaries are looked up in. */
  readonly control: Connection
  readonly jobs: readonly TableJob[]
  readonly readers: number
  readonly minRangeBytes: number
}

// Past 256 MiB a reader that stays behind costs too much. Below that, eight ranges a reader even out what estimates get wrong.
const maxRangeBytes = 256 * 1024 * 1024
const rangesPerReader = 8

/** Tables in the order given. All readers work on one table while it has ranges left, so its chunks come about in its order. */
export class ReadQueue {
  readonly #control: Connection
  readonly #seeks: SeekSession
  readonly #jobs: TableJob[]
  readonly #rangeBytes: number
  readonly #cut = new Map<TableJob, Promise<CutTable | undefined>>()
  readonly #isAlone: boolean

  constructor({ control, jobs, readers, minRangeBytes }: ReadQueueOptions) {
    this.#control = control
    this.#seeks = new SeekSession(control)
    this.#jobs = [...jobs]
    this.#isAlone = readers < 2
    const totalBytes = jobs.reduce((sum, job) => sum + job.estimatedBytes, 0)
    const share = totalBytes / (readers * rangesPerReader)
    this.#rangeBytes = Math.min(maxRangeBytes, Math.max(minRangeBytes, share))
  }

  async next(signal: AbortSignal): Promise<ReadJob | undefined> {
    for (;;) {
      const table = this.#jobs[0]
      if (table === undefined) return undefined
      const cut = await this.#cutOf(table, signal)
      if (cut === undefined) {
        // Another reader may have taken it while we looked for a key.
        if (this.#jobs[0] !== table) continue
        this.#jobs.shift()
        return { table, at: 0, text: 'all rows', condition: '', select: filtered(table, table.select, '') }
      }
      const range = await cut.ranges.next(signal)
      if (range !== undefined) {
        const { key } = cut
        const at = cut.given++
        const condition = rangeCondition(key, range)
        const select = filtered(table, rangeSelect(table.select, key, range), condition)
        return { table, at, text: rangeText(key, range), condition, select }
      }
      if (this.#jobs[0] === table) this.#jobs.shift()
    }
  }

  /** Undefined when the table is to be read whole. */
  #cutOf(table: TableJob, signal: AbortSignal): Promise<CutTable | undefined> {
    let cut = this.#cut.get(table)
    if (cut === undefined) {
      cut = this.#cutTable(table, signal)
      this.#cut.set(table, cut)
    }
    return cut
  }

  async #cutTable(table: TableJob, signal: AbortSignal): Promise<CutTable | undefined> {
    const { schema, estimatedBytes, estimatedRows, isTransactional } = table
    if (this.#isAlone || !isTransactional || estimatedBytes < 2 * this.#rangeBytes) return undefined
    const key = await readRangeKey(this.#control, schema, table, signal)
    // By another key every row would be looked up on its own.
    if (key === undefined || !key.isClustered) return undefined
    const targetRows = Math.ceil((estimatedRows * this.#rangeBytes) / estimatedBytes)
    return { key, ranges: new TableRanges(this.#seeks, key, { targetRows }), given: 0 }
  }
}

/** `select` has the condition of its range already. */
function filtered({ where }: TableJob, select: string, condition: string): string {
  if (where === undefined) return select
  return `${select} ${condition === '' ? 'WHERE' : 'AND'} ${parenthesized(where)}`
}
