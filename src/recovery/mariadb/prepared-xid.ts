// The XA transaction that a MariaDB GTID event opens: its name stands nowhere else before its rows.
import { type BinlogEvent, eventBody } from '../../binlog/binlog-event.ts'
import { formatXid } from '../apply/xid.ts'

// Gtid_log_event of MariaDB's sql/log_event.h: FL_GROUP_COMMIT_ID, FL_PREPARED_XA.
const groupCommitId = 2
const preparedXa = 64

/** The xid as XA statements take it, or undefined when the group is not the prepare of an XA transaction. */
export function preparedXid(gtidEvent: BinlogEvent): string | undefined {
  const reader = eventBody(gtidEvent)
  reader.skip(12) // sequence number and domain
  const flags = reader.u8()
  if ((flags & preparedXa) === 0) return undefined
  if ((flags & groupCommitId) !== 0) reader.skip(8)
  const formatId = reader.u32()
  const globalBytes = reader.u8()
  const branchBytes = reader.u8()
  return formatXid(formatId, reader.take(globalBytes), reader.take(branchBytes))
}
