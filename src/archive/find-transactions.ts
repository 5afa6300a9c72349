// Searches the archive for transactions: by time and GTID in the indexes alone, by table and kind of change in the data where the indexes do not tell.
import { unpacked } from '../binlog/transaction.ts'
import { decodeTransactions, type SegmentIndex, type SegmentTransaction } from '../core/segment-index.ts'
import type { Archive } from './archive.ts'
import { changesInIndex } from './change-counter.ts'
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

/**
 * In the order of the log. Reads the data of a segment only for transactions whose changes its index does not tell: DDL, statements, and what
 * older versions archived. Throws VERIFY_FAILED, ARCHIVE_GAP.
 */
export async function* findTransactions(
  archive: Pick<Archive, 'segments' | 'readTransactions'>,
  filter: FindFilter,
  signal?: AbortSignal,
): AsyncGenerator<FoundTransaction> {
  for (const segment of archive.segments) {
    const candidates = candidatesOf(segment, filter)
    const unknown = candidates.filter(({ tables }) => tables === undefined)
    const { timeline, file } = segment.index
    const read = readChanges(archive, { timeline, file, transactions: unknown, filter, signal })
    try {
      for (const { transaction, tables } of candidates) {
        if (tables !== undefined) {
          yield { ...transaction, timeline, file, tables }
          continue
        }
        const found = await read.next()
        if (found.done !== true && found.value !== undefined) yield found.value
      }
    } finally {
      await read.return(undefined)
    }
  }
}

interface Unread {
  readonly timeline: string
  readonly file: string
  readonly transactions: readonly Candidate[]
  readonly filter: FindFilter
  readonly signal: AbortSignal | undefined
}

/** One answer for each of the transactions: undefined for one that does not fit after all. */
async function* readChanges(
  archive: Pick<Archive, 'segments' | 'readTransactions'>,
  { timeline, file, transactions, filter, signal }: Unread,
): AsyncGenerator<FoundTransaction | undefined> {
  const [first, last] = [transactions[0]?.transaction, transactions.at(-1)?.transaction]
  if (first === undefined || last === undefined) return
  const starts = new Set(transactions.map(({ transaction }) => transaction.start))
  const from = { file, offset: first.start }
  const until = { file, offset: last.end }
  for await (const found of archive.readTransactions({ timeline, from, until, signal })) {
    if (!starts.has(found.start)) continue
    const { transaction, ...facts } = found
    const { changes, isNamed } = await summarizeChanges(unpacked(transaction.events), filter.table)
    yield fitsChanges(changes.tables, isNamed, facts, filter) ? { ...facts, ...changes } : undefined
  }
}

export interface Candidate {
  readonly transaction: SegmentTransaction
  /** What it changed; undefined where only its data tell, and whether it fits. */
  readonly tables: readonly TableChanges[] | undefined
}

/** The transactions of a segment that fit, or may fit, as far as its index tells. */
export function candidatesOf({ index }: ArchivedSegment, filter: FindFilter): Candidate[] {
  if (!mayHold(index, filter)) return []
  const changesOf = changesInIndex(index)
  return decodeTransactions(index).flatMap((transaction, i) => {
    if (!fitsIndex(transaction, filter)) return []
    const tables = changesOf(i)
    return tables === undefined || fitsChanges(tables, false, transaction, filter)
      ? [{ transaction, tables }]
      : []
  })
}

/** False where a look at the whole is enough to see that none of its transactions fits. */
function mayHold(
  index: SegmentIndex,
  { timeline, file, table, gtid, sinceMicros, untilMicros }: FindFilter,
): boolean {
  const { timeMicros, kinds, gtids, changes } = index.transactions
  const [first] = timeMicros
  if (kinds === '' || first === undefined) return false
  if (timeline !== undefined && index.timeline !== timeline) return false
  if (file !== undefined && index.file !== file) return false
  // The times of transactions never fall.
  if (sinceMicros !== undefined && index.timeMicros < sinceMicros) return false
  if (untilMicros !== undefined && first >= untilMicros) return false
  if (gtid !== undefined && !gtids.some((run) => holdsGtid(run, gtid.toLowerCase()))) return false
  if (table === undefined || changes === undefined || changes.rows.includes('?')) return true
  return changes.tables.some(([schema, name]) => isAskedFor(table, schema, name))
}

function holdsGtid([originator, first, count]: readonly [string, string, number], gtid: string): boolean {
  if (originator === '' || !gtid.startsWith(originator)) return false
  const number = gtid.slice(originator.length)
  if (!/^\d+$/.test(number)) return false
  const place = BigInt(number) - BigInt(first)
  return place >= 0n && place < BigInt(count)
}

function fitsIndex({ timeMicros, gtid }: SegmentTransaction, filter: FindFilter): boolean {
  const { sinceMicros = 0, untilMicros = Number.POSITIVE_INFINITY } = filter
  if (filter.gtid !== undefined && gtid !== filter.gtid.toLowerCase()) return false
  return timeMicros >= sinceMicros && timeMicros < untilMicros
}

function isAskedFor(wanted: string, schema: string, table: string): boolean {
  return wanted === schema || wanted === `${schema}.${table}`
}

function fitsChanges(
  tables: readonly TableChanges[],
  isNamed: boolean,
  { kind, hasStatements }: SegmentTransaction,
  filter: FindFilter,
): boolean {
  const asked = tables.filter(({ schema, table }) => {
    return filter.table === undefined || isAskedFor(filter.table, schema, table)
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
