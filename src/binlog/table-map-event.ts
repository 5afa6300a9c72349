// The event before rows that names their table and says how its columns are stored.
import type { ByteReader } from '../bytes/byte-reader.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { columnType } from './column-types.ts'
import { eventType } from './event-types.ts'

export interface TableColumn {
  /** As the log holds it: ENUM, SET and short strings all say STRING here; see `storedType`. */
  readonly type: number
  /** What the type's metadata bytes say, by type: length, precision and scale, … */
  readonly metadata: number
}

export interface TableMap {
  /** Valid only up to the next format description: numbers are used again. */
  readonly tableId: number
  readonly schema: string
  readonly table: string
  readonly columnCount: number
  /** Undefined where a type is not known here: then nothing may be assumed of the columns behind it. */
  readonly columns: readonly TableColumn[] | undefined
  /** The type that nobody here knows, where `columns` is undefined. */
  readonly unknownType?: number
  /** Optional metadata of MySQL 8.0 and MariaDB 10.5: signedness, character sets, names, … as type, length, value. */
  readonly optionalMetadata: Buffer
}

/** Reads TABLE_MAP_EVENT. Throws MalformedDataError. */
export function decodeTableMap(event: BinlogEvent): TableMap {
  const reader = eventBody(event)
  const tableId = readTableId(event, reader)
  reader.skip(2)
  const schema = readName(reader)
  const table = readName(reader)
  const columnCount = reader.lenenc()
  const types = reader.take(columnCount)
  const metadata = reader.take(reader.lenenc())
  reader.skip(Math.ceil(columnCount / 8)) // which columns may be NULL
  const columns = readColumns(types, metadata, reader)
  return {
    tableId,
    schema,
    table,
    columnCount,
    ...(typeof columns === 'number' ? { columns: undefined, unknownType: columns } : { columns }),
    optionalMetadata: reader.rest(),
  }
}

/** The id before the rows or the table map: 6 bytes, or 4 where the writer's fixed part has only 6 in all. */
export function readTableId(event: BinlogEvent, reader: ByteReader): number {
  const isShort =
    event.format.postHeaderBytes(event.header.type) === 6 && event.header.type >= eventType.tableMap
  return isShort ? reader.u32() : reader.u48()
}

function readName(reader: ByteReader): string {
  const name = reader.take(reader.u8()).toString('utf8')
  reader.skip(1)
  return name
}

/** The columns, or the type that is not known. */
function readColumns(types: Buffer, metadata: Buffer, reader: ByteReader): TableColumn[] | number {
  const columns: TableColumn[] = []
  let position = 0
  for (const type of types) {
    const length = metadataBytes.get(type)
    if (length === undefined) return type
    if (length > metadata.length - position) {
      throw reader.malformed(
        'metadata of each column',
        `${metadata.length} bytes for ${types.length} columns`,
      )
    }
    // STRING, ENUM, SET and NEWDECIMAL hold two single bytes, the others one integer in little endian.
    const value =
      length === 0
        ? 0
        : length === 1
          ? metadata.readUInt8(position)
          : bigEndianTypes.has(type)
            ? metadata.readUInt16BE(position)
            : metadata.readUInt16LE(position)
    columns.push({ type, metadata: value })
    position += length
  }
  if (position !== metadata.length) {
    throw reader.malformed(`${position} bytes of column metadata`, `${metadata.length}`)
  }
  return columns
}

const bigEndianTypes: ReadonlySet<number> = new Set([
  columnType.newDecimal,
  columnType.enum,
  columnType.set,
  columnType.varString,
  columnType.string,
])

/** Bytes of metadata by type: Field::save_field_metadata and its overrides in sql/field.cc of both. */
const metadataBytes: ReadonlyMap<number, number> = new Map([
  [columnType.tiny, 0],
  [columnType.short, 0],
  [columnType.long, 0],
  [columnType.float, 1],
  [columnType.double, 1],
  [columnType.null, 0],
  [columnType.timestamp, 0],
  [columnType.longLong, 0],
  [columnType.int24, 0],
  [columnType.date, 0],
  [columnType.time, 0],
  [columnType.dateTime, 0],
  [columnType.year, 0],
  [columnType.newDate, 0],
  [columnType.varchar, 2],
  [columnType.bit, 2],
  [columnType.timestamp2, 1],
  [columnType.dateTime2, 1],
  [columnType.time2, 1],
  [columnType.blobCompressed, 1],
  [columnType.varcharCompressed, 2],
  [columnType.vector, 1],
  [columnType.json, 1],
  [columnType.newDecimal, 2],
  [columnType.enum, 2],
  [columnType.set, 2],
  [columnType.tinyBlob, 1],
  [columnType.mediumBlob, 1],
  [columnType.longBlob, 1],
  [columnType.blob, 1],
  [columnType.varString, 2],
  [columnType.string, 2],
  [columnType.geometry, 1],
])
