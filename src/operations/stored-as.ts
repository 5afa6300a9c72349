// Whether a column of a definition is one that the log tells of: by its type, and by the lengths that the log has.

import { bytesOfCharacter } from '../binlog/character-sets.ts'
import { labelTypeOf } from '../binlog/column-facts.ts'
import { columnType, storedString } from '../binlog/column-types.ts'
import type { TableColumn } from '../binlog/table-map-event.ts'
import type { DefinedColumn } from '../logical/defined-columns.ts'

/** False also for a type that is not known here. */
export function isStoredAs(defined: DefinedColumn, column: TableColumn): boolean {
  const { type } = defined
  const label = labelTypeOf(column)
  if (type === 'enum') return label === columnType.enum && labelBytes(column) === enumBytes(defined)
  if (type === 'set') return label === columnType.set && labelBytes(column) === setBytes(defined)
  if (label !== undefined || storedTypes[type]?.includes(column.type) !== true) return false
  return hasLength(defined, column)
}

/** Field::save_field_metadata and its overrides in sql/field.cc of both. */
function hasLength(defined: DefinedColumn, { type, metadata }: TableColumn): boolean {
  const [size, scale = 0] = defined.size
  switch (type) {
    case columnType.newDecimal:
      return metadata === (((size ?? 10) << 8) | scale)
    case columnType.bit:
      return (metadata >> 8) * 8 + (metadata & 0xff) === (size ?? 1)
    case columnType.time2:
    case columnType.dateTime2:
    case columnType.timestamp2:
      return metadata === (size ?? 0)
    case columnType.string:
      return isTextOf(defined, storedString(metadata).length, fixedLengths[defined.type] ?? size ?? 1)
    case columnType.varchar:
      // MariaDB's vectors are floats.
      if (defined.type === 'vector') return metadata === (size ?? 0) * 4
      return isTextOf(defined, metadata, size ?? 0)
    case columnType.varcharCompressed:
      // A byte more says how it is compressed.
      return isTextOf(defined, metadata, size ?? 0) || isTextOf(defined, metadata - 1, size ?? 0)
    case columnType.blob:
    case columnType.blobCompressed:
      return metadata === lengthBytes(defined.type)
    default:
      return true
  }
}

function isTextOf({ charset }: DefinedColumn, bytes: number, characters: number): boolean {
  if (charset !== undefined) return bytes === characters * bytesOfCharacter(charset)
  return [1, 2, 3, 4].some((each) => bytes === characters * each)
}

function lengthBytes(type: string): number {
  if (type.startsWith('tiny')) return 1
  if (type.startsWith('medium')) return 3
  return type === 'text' || type === 'blob' ? 2 : 4
}

/** Of each value. */
function labelBytes({ type, metadata }: TableColumn): number {
  return type === columnType.string ? storedString(metadata).length : metadata & 0xff
}

function enumBytes({ labels = [] }: DefinedColumn): number {
  return labels.length < 256 ? 1 : 2
}

/** get_set_pack_length of both. */
function setBytes({ labels = [] }: DefinedColumn): number {
  const bytes = Math.ceil(labels.length / 8)
  return bytes > 4 ? 8 : bytes
}

const fixedLengths: Readonly<Record<string, number>> = { uuid: 16, inet4: 4, inet6: 16 }

const blobs = [columnType.blob, columnType.blobCompressed]
const varchars = [columnType.varchar, columnType.varcharCompressed]
const geometry = [columnType.geometry]

/** By the words of SHOW CREATE TABLE. */
const storedTypes: Readonly<Record<string, readonly number[]>> = {
  tinyint: [columnType.tiny],
  smallint: [columnType.short],
  mediumint: [columnType.int24],
  int: [columnType.long],
  bigint: [columnType.longLong],
  float: [columnType.float],
  double: [columnType.double],
  decimal: [columnType.newDecimal],
  bit: [columnType.bit],
  year: [columnType.year],
  date: [columnType.date, columnType.newDate],
  time: [columnType.time, columnType.time2],
  datetime: [columnType.dateTime, columnType.dateTime2],
  timestamp: [columnType.timestamp, columnType.timestamp2],
  char: [columnType.string],
  binary: [columnType.string],
  uuid: [columnType.string],
  inet4: [columnType.string],
  inet6: [columnType.string],
  varchar: varchars,
  varbinary: varchars,
  tinytext: blobs,
  text: blobs,
  mediumtext: blobs,
  longtext: blobs,
  tinyblob: blobs,
  blob: blobs,
  mediumblob: blobs,
  longblob: blobs,
  json: [columnType.json, columnType.blob],
  vector: [columnType.vector, columnType.varchar],
  geometry,
  point: geometry,
  linestring: geometry,
  polygon: geometry,
  multipoint: geometry,
  multilinestring: geometry,
  multipolygon: geometry,
  geomcollection: geometry,
  geometrycollection: geometry,
}
