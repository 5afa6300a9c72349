// Rows events that MariaDB wrote compressed, as plain ones: BINLOG statements take no others.
import { type BinlogEvent, eventBody } from '../../binlog/binlog-event.ts'
import { readCompressedBytes } from '../../binlog/compressed-bytes.ts'
import { eventHeaderBytes } from '../../binlog/event-header.ts'
import { eventType } from '../../binlog/event-types.ts'

interface PlainType {
  readonly type: number
  /** An update has a second bitmap, of the columns after. */
  readonly bitmaps: 1 | 2
  readonly version: 1 | 2
}

const plainTypes: ReadonlyMap<number, PlainType> = new Map<number, PlainType>([
  [eventType.writeRowsCompressedV1, { type: eventType.writeRowsV1, bitmaps: 1, version: 1 }],
  [eventType.updateRowsCompressedV1, { type: eventType.updateRowsV1, bitmaps: 2, version: 1 }],
  [eventType.deleteRowsCompressedV1, { type: eventType.deleteRowsV1, bitmaps: 1, version: 1 }],
  [eventType.writeRowsCompressed, { type: eventType.writeRows, bitmaps: 1, version: 2 }],
  [eventType.updateRowsCompressed, { type: eventType.updateRows, bitmaps: 2, version: 2 }],
  [eventType.deleteRowsCompressed, { type: eventType.deleteRows, bitmaps: 1, version: 2 }],
])

/** The plain event without a checksum, or undefined for an event that is not a compressed one. Throws MalformedDataError. */
export function plainRows(event: BinlogEvent): Buffer | undefined {
  const plain = plainTypes.get(event.header.type)
  if (plain === undefined) return undefined
  const reader = eventBody(event)
  reader.skip(6 + 2) // table id, flags
  // The length of the extra data counts its own two bytes.
  if (plain.version === 2) reader.skip(reader.u16() - 2)
  const columns = reader.lenenc()
  reader.skip(Math.ceil(columns / 8) * plain.bitmaps)
  const head = event.bytes.subarray(0, eventHeaderBytes + reader.offset)
  const bytes = Buffer.concat([head, readCompressedBytes(reader)])
  bytes[4] = plain.type
  bytes.writeUInt32LE(bytes.length, 9)
  return bytes
}
