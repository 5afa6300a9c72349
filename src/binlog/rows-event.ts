// Rows in the log: which table they belong to, and how many there are, found by walking their images.
import { ByteReader } from '../bytes/byte-reader.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { columnType, type SkipValue, valueSkipper } from './column-types.ts'
import { readCompressedBytes } from './compressed-bytes.ts'
import { eventType } from './event-types.ts'
import { readTableId, type TableMap } from './table-map-event.ts'

export type RowsKind = 'insert' | 'update' | 'delete'

export interface RowsEvent {
  readonly kind: RowsKind
  readonly tableId: number
  /** STMT_END_F: the last rows event of its statement. */
  readonly endsStatement: boolean
  readonly columnCount: number
}

interface RowsType {
  readonly kind: RowsKind
  readonly version: 1 | 2
  readonly isCompressed?: boolean
  readonly isPartial?: boolean
}

const rowsTypes: ReadonlyMap<number, RowsType> = new Map<number, RowsType>([
  [eventType.writeRowsV1, { kind: 'insert', version: 1 }],
  [eventType.updateRowsV1, { kind: 'update', version: 1 }],
  [eventType.deleteRowsV1, { kind: 'delete', version: 1 }],
  [eventType.writeRows, { kind: 'insert', version: 2 }],
  [eventType.updateRows, { kind: 'update', version: 2 }],
  [eventType.deleteRows, { kind: 'delete', version: 2 }],
  [eventType.partialUpdateRows, { kind: 'update', version: 2, isPartial: true }],
  [eventType.writeRowsCompressedV1, { kind: 'insert', version: 1, isCompressed: true }],
  [eventType.updateRowsCompressedV1, { kind: 'update', version: 1, isCompressed: true }],
  [eventType.deleteRowsCompressedV1, { kind: 'delete', version: 1, isCompressed: true }],
  [eventType.writeRowsCompressed, { kind: 'insert', version: 2, isCompressed: true }],
  [eventType.updateRowsCompressed, { kind: 'update', version: 2, isCompressed: true }],
  [eventType.deleteRowsCompressed, { kind: 'delete', version: 2, isCompressed: true }],
])

export function isRowsEvent(event: BinlogEvent): boolean {
  return rowsTypes.has(event.header.type)
}

/** Reads the fixed part. Throws MalformedDataError; calling it for another type of event is a mistake of the caller. */
export function decodeRows(event: BinlogEvent): RowsEvent {
  return openRows(event).rows
}

/**
 * How many rows the event holds; an update's two images are one row. Undefined where the table has a column of a type whose
 * length the log does not tell. Throws MalformedDataError where the images do not fill the event exactly.
 */
export function countRows(event: BinlogEvent, table: TableMap): number | undefined {
  const skippers = skippersOf(table)
  if (skippers === undefined) return undefined
  const { images, first, second, jsonColumns } = openImages(event, table)
  const firstShape = skippers.filter((_, i) => isSet(first, i))
  const secondShape = second === undefined ? undefined : skippers.filter((_, i) => isSet(second, i))
  let count = 0
  while (images.remaining > 0) {
    const start = images.offset
    skipImage(images, firstShape)
    if (secondShape !== undefined) {
      if (jsonColumns !== undefined) readPartialBits(images, jsonColumns)
      skipImage(images, secondShape)
    }
    // Rows without any column take no bytes: their number cannot be told, and the walk would not end.
    if (images.offset === start) return undefined
    count++
  }
  return count
}

const knownSkippers = new WeakMap<TableMap, readonly SkipValue[] | 'unknown'>()

/** Made once for a table: an archiver counts the rows of every event. */
function skippersOf(table: TableMap): readonly SkipValue[] | undefined {
  let known = knownSkippers.get(table)
  if (known === undefined) {
    const skippers = table.columns?.map((column) => valueSkipper(column.type, column.metadata))
    known = skippers?.every((skip) => skip !== undefined) === true ? skippers : 'unknown'
    knownSkippers.set(table, known)
  }
  return known === 'unknown' ? undefined : known
}

/** The images of an event's rows, one after the other. */
export interface RowImages {
  readonly kind: RowsKind
  readonly images: ByteReader
  /** Which columns are in the only image of a row, or in the one before an update: one bit each. */
  readonly first: Buffer
  /** Which are in the one after an update. */
  readonly second: Buffer | undefined
  /** How many JSON columns the table has, where a row may hold changes of them in place of values. */
  readonly jsonColumns: number | undefined
}

/** Throws MalformedDataError, also where the event has another number of columns than the table. */
export function openImages(event: BinlogEvent, table: TableMap): RowImages {
  const { type, rows, reader } = openRows(event)
  if (rows.columnCount !== table.columnCount) {
    throw reader.malformed(`${table.columnCount} columns as in the table map`, String(rows.columnCount))
  }
  const bitmapBytes = Math.ceil(table.columnCount / 8)
  const first = reader.take(bitmapBytes)
  const second = rows.kind === 'update' ? reader.take(bitmapBytes) : undefined
  const images = type.isCompressed === true ? unpack(event, reader) : reader
  const jsonColumns = type.isPartial === true ? countJsonColumns(table) : undefined
  return { kind: rows.kind, images, first, second, jsonColumns }
}

function openRows(event: BinlogEvent): { type: RowsType; rows: RowsEvent; reader: ByteReader } {
  const type = rowsTypes.get(event.header.type)
  if (type === undefined) throw new RangeError(`event type ${event.header.type} has no rows`)
  const reader = eventBody(event)
  const tableId = readTableId(event, reader)
  const flags = reader.u16()
  if (type.version === 2) {
    const extraBytes = reader.u16()
    if (extraBytes < 2) throw reader.malformed('extra data of at least 2 bytes', String(extraBytes))
    reader.skip(extraBytes - 2)
  }
  const columnCount = reader.lenenc()
  return { type, reader, rows: { kind: type.kind, tableId, endsStatement: (flags & 1) !== 0, columnCount } }
}

/** `shape`: the columns that are present in the image, in order. */
function skipImage(reader: ByteReader, shape: readonly SkipValue[]): void {
  const nulls = reader.take(Math.ceil(shape.length / 8))
  for (const [i, skip] of shape.entries()) {
    if (!isSet(nulls, i)) skip(reader)
  }
}

/**
 * PARTIAL_UPDATE_ROWS: value options before each after-image, and one bit for each JSON column of the table, set where changes stand in
 * place of its value; they have the same 4 bytes of length before them.
 */
export function readPartialBits(reader: ByteReader, jsonColumns: number): Buffer | undefined {
  const options = reader.lenenc()
  if (options > 1) throw reader.malformed('row value options 0 or 1', String(options))
  // 1: PARTIAL_JSON_UPDATES.
  return options === 1 ? reader.take(Math.ceil(jsonColumns / 8)) : undefined
}

function countJsonColumns(table: TableMap): number {
  return table.columns?.filter((column) => column.type === columnType.json).length ?? 0
}

function unpack(event: BinlogEvent, reader: ByteReader): ByteReader {
  return new ByteReader(readCompressedBytes(reader), { what: 'compressed rows', baseOffset: event.offset })
}

export function isSet(bits: Buffer, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}
