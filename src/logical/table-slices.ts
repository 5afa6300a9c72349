// A table in the slices that it is read in: groups of partitions, or ranges of its key.
import type { Connection } from '../wire/connection.ts'
import { parenthesized } from './filters/row-condition.ts'
import { rangeCondition, rangeSelect, rangeText } from './ranges/key-range.ts'
import {
  groupPartitions,
  type PartitionGroup,
  partitionSelect,
  partitionsText,
  readPartitions,
} from './ranges/partitions.ts'
import { type RangeKey, readRangeKey } from './ranges/range-key.ts'
import type { SeekSession } from './ranges/seek-session.ts'
import { TableRanges } from './ranges/table-ranges.ts'
import type { TableDefinition } from './table-definition.ts'

export interface SlicedTable extends TableDefinition {
  readonly schema: string
  readonly select: string
}

export interface TableSlice {
  /** Number of the slice in its table, from the left. */
  readonly at: number
  /** The slice for people. */
  readonly text: string
  /** The slice for WHERE; '' for all rows of its partitions. */
  readonly condition: string
  /** Its partitions; none: all of them. */
  readonly partitions: readonly string[]
  readonly select: string
}

/** Partitions that are read with one statement, or a table without any that is cut by its key. */
interface Part {
  readonly partitions: readonly string[]
  readonly cut: { readonly key: RangeKey; readonly ranges: TableRanges } | undefined
}

/** All rows with one statement. */
export function wholeSlice(table: SlicedTable): TableSlice {
  const select = filtered(table, table.select, '')
  return { at: 0, text: 'all rows', condition: '', partitions: [], select }
}

/** Slices of a table, which together are the whole table. Several callers may ask for the next one at once. */
export class TableSlices {
  readonly #table: SlicedTable
  readonly #parts: Part[]
  #given = 0
  #last: Promise<unknown> = Promise.resolve()

  private constructor(table: SlicedTable, parts: readonly Part[]) {
    this.#table = table
    this.#parts = [...parts]
  }

  /**
   * Slices of about `sliceBytes`. Undefined when the table can only be read whole: it has neither partitions nor a key that its rows lie in
   * the order of.
   */
  static async of(
    table: SlicedTable,
    connection: Connection,
    seeks: SeekSession,
    sliceBytes: number,
    signal: AbortSignal,
  ): Promise<TableSlices | undefined> {
    const { schema, name, engine, isInsertOnly, estimatedBytes, estimatedRows } = table
    if (engine !== 'InnoDB' || isInsertOnly) return undefined
    const found = await readRangeKey(connection, schema, table, signal)
    // By another key every row would be looked up on its own. And a condition on a key leaves out partitions that cannot have such rows,
    // also where they do: EXCHANGE PARTITION … WITHOUT VALIDATION puts any row anywhere.
    const isPartitioned = table.ddl.includes('PARTITION BY')
    const key = found?.isClustered === true && !isPartitioned ? found : undefined
    const partOf = ({ names, bytes, rows }: PartitionGroup): Part => {
      if (key === undefined || bytes < 2 * sliceBytes) return { partitions: names, cut: undefined }
      const targetRows = Math.ceil((rows * sliceBytes) / bytes)
      return { partitions: names, cut: { key, ranges: new TableRanges(seeks, key, { targetRows }) } }
    }
    const groups = groupPartitions(await readPartitions(connection, schema, name, signal), sliceBytes)
    const all = { names: [], bytes: estimatedBytes, rows: estimatedRows }
    const parts = (groups.length < 2 ? [all] : groups).map(partOf)
    return parts.length === 1 && parts[0]?.cut === undefined ? undefined : new TableSlices(table, parts)
  }

  /**
   * The next slice to the right, undefined after the last. After a failure the same slice can be asked for again.
   * @throws what TableRanges throws
   */
  next(signal: AbortSignal): Promise<TableSlice | undefined> {
    const result = this.#last.then(() => this.#next(signal))
    this.#last = result.catch(() => undefined)
    return result
  }

  async #next(signal: AbortSignal): Promise<TableSlice | undefined> {
    signal.throwIfAborted()
    for (;;) {
      const part = this.#parts[0]
      if (part === undefined) return undefined
      const { partitions, cut } = part
      const select = this.#selectOf(partitions)
      if (cut === undefined) {
        this.#parts.shift()
        const text = partitionsText(partitions)
        return {
          at: this.#given++,
          text,
          condition: '',
          partitions,
          select: filtered(this.#table, select, ''),
        }
      }
      const range = await cut.ranges.next(signal)
      if (range === undefined) {
        this.#parts.shift()
        continue
      }
      const condition = rangeCondition(cut.key, range)
      return {
        at: this.#given++,
        text: rangeText(cut.key, range),
        condition,
        partitions,
        select: filtered(this.#table, rangeSelect(select, cut.key, range), condition),
      }
    }
  }

  #selectOf(partitions: readonly string[]): string {
    const { schema, name, select } = this.#table
    if (partitions.length === 0) return select
    const own = partitionSelect(select, schema, name, partitions)
    if (own === undefined) throw new TypeError(`this does not read ${schema}.${name}: ${select}`)
    return own
  }
}

/** `select` has the condition of its range already. */
function filtered({ where }: SlicedTable, select: string, condition: string): string {
  if (where === undefined) return select
  return `${select} ${condition === '' ? 'WHERE' : 'AND'} ${parenthesized(where)}`
}
