// Use case: find transactions in the archive, such as the one that should not have happened.
import { type ChangeKind, type FoundTransaction, findTransactions } from '../archive/find-transactions.ts'
import { redactStatement } from '../wire/redact.ts'
import { type ArchiveRequest, openArchive } from './open-archive.ts'

export interface FindRequest extends ArchiveRequest {
  /** `schema.table`, or a schema. */
  readonly table?: string | undefined
  readonly kind?: ChangeKind | undefined
  /** Commit time, microseconds since 1970: at or after, and at or before. */
  readonly sinceMicros?: number | undefined
  readonly untilMicros?: number | undefined
  readonly gtid?: string | undefined
  readonly minRows?: number | undefined
  readonly timeline?: string | undefined
  /** At most so many are found. */
  readonly limit: number
}

export interface FindReport {
  readonly transactions: readonly FoundTransaction[]
  /** There are more than `limit`. */
  readonly isCut: boolean
}

/** In the order of the log. Throws what opening the archive throws, and VERIFY_FAILED or ARCHIVE_GAP on the way. */
export async function findBinlogTransactions(request: FindRequest, signal: AbortSignal): Promise<FindReport> {
  const { table, kind, sinceMicros, untilMicros, gtid, minRows, timeline, limit } = request
  const archive = await openArchive(request, signal)
  const found: FoundTransaction[] = []
  // The archive's own bound is "before"; people who give a time mean it to be included.
  const before = untilMicros === undefined ? undefined : untilMicros + 1
  const filter = { table, kind, sinceMicros, untilMicros: before, gtid, minRows, timeline }
  for await (const transaction of findTransactions(archive, filter, signal)) {
    if (found.length === limit) return { transactions: found, isCut: true }
    const { statement } = transaction
    // Statements about accounts hold password hashes.
    found.push(
      statement === undefined ? transaction : { ...transaction, statement: redactStatement(statement) },
    )
  }
  return { transactions: found, isCut: false }
}

export type { ChangeKind, FoundTransaction } from '../archive/find-transactions.ts'
