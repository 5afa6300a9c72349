// Use case: show what transactions in the archive did, with the values of rows before and after.
import {
  type ShowFilter,
  type ShownChange,
  type ShownTransaction,
  showTransactions,
} from '../archive/show-transactions.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { withoutPasswords } from '../wire/redact.ts'
import { columnsOfBackups } from './columns-of-backup.ts'
import { type ArchiveRequest, openArchiveOf } from './open-archive.ts'

export interface ShowBinlogRequest extends ArchiveRequest, Omit<ShowFilter, 'untilMicros'> {
  /** Commit time, microseconds since 1970: at or before. */
  readonly untilMicros?: number | undefined
  /** At most so many transactions are shown. */
  readonly limit: number
}

export type ShownItem = { readonly kind: 'transaction'; readonly transaction: ShownTransaction } | ShownChange

export interface ShowBinlogReport {
  readonly transactions: number
  readonly changes: number
  /** There are more than `limit`. */
  readonly isCut: boolean
}

/**
 * Hands out each transaction and then its changes, in the order of the log, as they are read. Throws what opening the archive throws, and
 * VERIFY_FAILED or ARCHIVE_GAP on the way; POINT_NOT_FOUND for a file that the archive does not have.
 */
export async function showBinlog(
  request: ShowBinlogRequest,
  show: (item: ShownItem) => Promise<void>,
  signal: AbortSignal,
): Promise<ShowBinlogReport> {
  const { access, source: name, limit, untilMicros, ...filter } = request
  const { archive, source } = await openArchiveOf({ access, source: name }, signal)
  for (const file of [filter.from?.file, filter.to?.file]) {
    if (file === undefined || archive.segments.some(({ index }) => index.file === file)) continue
    throw new HoldfastError('POINT_NOT_FOUND', `the archive of ${name} has no file ${file}`, { file })
  }
  // The archive's own bound is "before"; people who give a time mean it to be included.
  const bounds = { ...filter, untilMicros: untilMicros === undefined ? undefined : untilMicros + 1 }
  let transactions = 0
  let changes = 0
  const found = showTransactions(archive, bounds, columnsOfBackups(source, archive, signal), signal)
  try {
    for await (const { transaction, changes: items } of found) {
      if (transactions === limit) return { transactions, changes, isCut: true }
      transactions++
      await show({ kind: 'transaction', transaction })
      for await (const item of items) {
        signal.throwIfAborted()
        if (item.kind !== 'origin') changes++
        await show(safe(item))
      }
    }
  } catch (error) {
    throw error instanceof MalformedDataError ? unreadable(error) : error
  }
  return { transactions, changes, isCut: false }
}

/** What the archive holds is checked; that it is no event that is known here is seen only now. */
function unreadable(error: MalformedDataError): HoldfastError {
  return new HoldfastError(
    'VERIFY_FAILED',
    `an event cannot be shown: ${error.message}`,
    {},
    {
      cause: error,
      hint: 'Go on behind it with --from FILE:OFFSET; holdfast verify --archive --read-data tells whether it is damaged.',
    },
  )
}

/** Statements about accounts hold password hashes. */
function safe(item: ShownChange): ShownChange {
  if (item.kind !== 'statement' && item.kind !== 'origin') return item
  return { ...item, statement: withoutPasswords(item.statement) }
}

export type { ShownTable, ShownTransaction } from '../archive/show-transactions.ts'
export type { RowImage } from '../binlog/logged-rows.ts'
export type { LoggedValue } from '../binlog/logged-value.ts'
