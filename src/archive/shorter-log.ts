// A source whose log ends before what was archived of it: it lost its tail in a crash, was reset, or came back from a backup.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOrNull } from '../wire/row-values.ts'
import { isAtOrAfter } from './binlog-order.ts'

/** `archived` is where the archive goes on, `end` the end of the source's log. Throws ARCHIVE_DIVERGED. */
export async function refuseShorterLog(
  connection: Connection,
  archived: BinlogPosition | undefined,
  end: BinlogPosition,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (archived === undefined) return
  const { file, offset } = archived
  const details = { file, offset }
  const upTo = `${file}:${offset}`
  if (!isAtOrAfter(end, archived)) {
    const why =
      end.file === file
        ? 'it has lost the end of its log'
        : 'its log was reset, or the server was restored from a backup'
    throw new HoldfastError(
      'ARCHIVE_DIVERGED',
      `the source's binary log ends at ${end.file}:${end.offset}, before what was archived of it (${upTo}): ${why}`,
      details,
    )
  }
  if (end.file === file) return
  // After a crash a server goes on with a new file, and the one before keeps what the disk had of it.
  const sizeBytes = await sizeOf(connection, file, signal)
  if (sizeBytes === undefined || sizeBytes >= offset) return
  throw new HoldfastError(
    'ARCHIVE_DIVERGED',
    `the source came back shorter: its ${file} ends at ${sizeBytes}, and up to ${upTo} was archived; ` +
      'what it lost in a crash is in the archive, and no longer on the server',
    details,
  )
}

/** Undefined for a file that is not there any more, or where the account may not ask. */
async function sizeOf(
  connection: Connection,
  file: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    const rows: readonly Row[] = await connection.query('SHOW BINARY LOGS', { signal })
    const row = rows.find((each) => textOrNull(each, 'Log_name') === file)
    return row === undefined ? undefined : numberOf(row, 'File_size')
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}
