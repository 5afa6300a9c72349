// Searches the archive for transactions: by time and GTID in the indexes alone, by table and kind of change in the data.
import { unpacked } from '../binlog/transaction.ts'
import { decodeTransactions, type SegmentTransaction } from '../core/segment-index.ts'
import type { Archive } from './archive.ts'
import type { ArchivedSegment } from './read-segment.ts'
import { summarizeChanges, type TableChanges } from './transaction-changes.ts'

export type ChangeKind = 'insert' | 'update' | 'delete' | 'ddl'

export interface FindFilter {
  readonly timeline?: string | undefined
  readonly file?: string | undefined
  /** `schema.table`, or a schema alone. Rows are compared as written, the text of a DDL without regard to case. */
  readonly table?: string | undefined
  readonly kind?: ChangeKind | undefined
  /** Commit time, microseconds since 1970: at or after, and before. */
  readonly sinceMicros?: number | undefined
  readonly untilMicros?: number | undefined
  /** `uuid:7`, `uuid:tag:7` or `0-1-7`. */
  readonly gtid?: string | undefined
  /** At least so many rows changed, of the tables and the kind that are asked for. */
  readonly minRows?: number | undefined
}

export interface FoundTransaction extends SegmentTransaction {
  readonly timeline: string
  readonly file: string
  readonly tables: readonly TableChanges[]
  readonly statement?: string
}

/** In the order of the log. Reads the data of segments only where a transaction's time and GTID fit. Throws VERIFY_FAILED, ARCHIVE_GAP. */
export async function* findTransactions(
  archive: Archive,
  filter: FindFilter,
  signal?: AbortSignal,
): AsyncGenerator<FoundTransaction> {
  for (const segment of archive.segments) {
    const candidates = candidatesOf(segment, filter)
    const first = candidates[0]
    const last = candidates.at(-1)
    if (first === undefined || last === undefined) continue
    const { timeline, file } = segment.index
    const starts = new Set(candidates.map(({ start }) => start))
    const from = { file, offset: first.start }
    const until = { file, offset: last.end }
    for await (const found of archive.readTransactions({ timeline, from, until, signal })) {
      if (!starts.has(found.start)) continue
      const { transaction, ...facts } = found
      const { changes, isNamed } = await summarizeChanges(unpacked(transaction.events), filter.table)
      if (fitsChanges(changes.tables, isNamed, facts, filter)) yield { ...facts, ...changes }
    }
  }
}

/** The transactions of a segment that fit as far as its index tells. */
export function candidatesOf(segment: ArchivedSegment, filter: FindFilter): SegmentTransaction[] {
  return decodeTransactions(segment.index).filter((each) => fitsIndex(each, segment, filter))
}

function fitsIndex(
  { timeMicros, gtid }: SegmentTransaction,
  { index }: ArchivedSegment,
  filter: FindFilter,
): boolean {
  const { timeline, file, sinceMicros = 0, untilMicros = Number.POSITIVE_INFINITY } = filter
  if (timeline !== undefined && index.timeline !== timeline) return false
  if (file !== undefined && index.file !== file) return false
  if (filter.gtid !== undefined && gtid !== filter.gtid.toLowerCase()) return false
  return timeMicros >= sinceMicros && timeMicros < untilMicros
}

function fitsChanges(
  tables: readonly TableChanges[],
  isNamed: boolean,
  { kind, hasStatements }: SegmentTransaction,
  filter: FindFilter,
): boolean {
  const asked = tables.filter(({ schema, table }) => {
    return filter.table === undefined || filter.table === schema || filter.table === `${schema}.${table}`
  })
  if (filter.kind === 'ddl' && kind !== 'ddl') return false
  // What a DDL touches is only in its text; what a statement changes by triggers and functions is not even there.
  const isTouched = asked.length > 0 || hasStatements || (kind === 'ddl' && isNamed)
  if (filter.table !== undefined && !isTouched) return false
  const isRowKind = filter.kind !== undefined && filter.kind !== 'ddl'
  const isCountless = asked.some(({ isUncounted }) => isUncounted)
  const rows = asked.reduce((sum, changes) => sum + rowsOf(changes, filter.kind), 0)
  return isCountless || rows >= Math.max(filter.minRows ?? 0, isRowKind ? 1 : 0)
}

function rowsOf({ inserts, updates, deletes }: TableChanges, kind: ChangeKind | undefined): number {
  if (kind === 'insert') return inserts
  if (kind === 'update') return updates
  if (kind === 'delete') return deletes
  return inserts + updates + deletes
}
