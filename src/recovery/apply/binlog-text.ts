// The text of BINLOG statements: archived events in base64, made ready for a server that gets them one by one.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import { checksumBytes } from '../../binlog/event-checksum.ts'
import { eventFlag, eventType } from '../../binlog/event-types.ts'

/**
 * The event as a BINLOG statement may hold it: without its checksum, which would only cost time, and which events out of a
 * transaction payload do not have. A format description says so to the server: `checksum algorithm: none`.
 */
export function bareEvent(event: BinlogEvent): Buffer {
  const { bytes, header, isPacked, format } = event
  if (header.type === eventType.formatDescription) {
    const bare = Buffer.from(bytes)
    // The algorithm stands right before the checksum that a format description always has.
    bare[bare.length - checksumBytes - 1] = 0
    bare.writeUInt16LE(header.flags & ~eventFlag.binlogInUse, flagsOffset)
    return bare
  }
  if (isPacked || format.checksum === 'none') return bytes
  const bare = Buffer.from(bytes.subarray(0, bytes.length - checksumBytes))
  bare.writeUInt32LE(bare.length, lengthOffset)
  return bare
}

const lengthOffset = 9
const flagsOffset = 17
// Header of 19 bytes, then a table id of 6.
const rowsFlagsOffset = 25
const statementEnd = 1

/** A rows event (bare) that ends its statement: STMT_END_F. */
export function endsStatement(rows: Buffer): boolean {
  return (rows.readUInt16LE(rowsFlagsOffset) & statementEnd) !== 0
}

/** A copy that ends its statement. */
export function endingStatement(rows: Buffer): Buffer {
  const copy = Buffer.from(rows)
  copy.writeUInt16LE(copy.readUInt16LE(rowsFlagsOffset) | statementEnd, rowsFlagsOffset)
  return copy
}

/** `BINLOG '…'` for these bare events. */
export function binlogStatement(events: readonly Buffer[]): string {
  const [only] = events
  if (only !== undefined && events.length === 1) return `BINLOG '${only.toString('base64')}'`
  return `BINLOG '${Buffer.concat(events).toString('base64')}'`
}
