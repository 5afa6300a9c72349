// The types of columns in the log, and how many bytes a value of each takes there.
import type { ByteReader } from '../bytes/byte-reader.ts'
import { decimalBytes } from './packed-decimal.ts'

/** enum_field_types of MySQL's include/field_types.h; 140 and 141 are MariaDB's alone, 242 and 245 MySQL's. */
export const columnType = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longLong: 8,
  int24: 9,
  date: 10,
  time: 11,
  dateTime: 12,
  year: 13,
  newDate: 14,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  dateTime2: 18,
  time2: 19,
  blobCompressed: 140,
  varcharCompressed: 141,
  vector: 242,
  json: 245,
  newDecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const

/** Skips one value; the reader throws MalformedDataError where it does not fit. */
export type SkipValue = (reader: ByteReader) => void

/** How to skip a value of a column. Undefined for a type whose length the log does not tell. */
export function valueSkipper(type: number, metadata: number): SkipValue | undefined {
  const fixed = fixedBytes.get(type)
  if (fixed !== undefined) return skipFixed(fixed)
  switch (type) {
    case columnType.float:
    case columnType.double:
      return skipFixed(metadata)
    case columnType.varchar:
    case columnType.varcharCompressed:
      return metadata < 256 ? skipPrefixed(1) : skipPrefixed(2)
    case columnType.bit:
      // Low byte: bits beyond whole bytes; high byte: whole bytes.
      return skipFixed((metadata >> 8) + ((metadata & 0xff) > 0 ? 1 : 0))
    case columnType.timestamp2:
      return skipFixed(4 + fractionBytes(metadata))
    case columnType.dateTime2:
      return skipFixed(5 + fractionBytes(metadata))
    case columnType.time2:
      return skipFixed(3 + fractionBytes(metadata))
    case columnType.newDecimal:
      return skipFixed(decimalBytes(metadata >> 8, metadata & 0xff))
    case columnType.tinyBlob:
    case columnType.mediumBlob:
    case columnType.longBlob:
    case columnType.blob:
    case columnType.blobCompressed:
    case columnType.json:
    case columnType.vector:
    case columnType.geometry:
      return metadata >= 1 && metadata <= 4 ? skipPrefixed(metadata) : undefined
    case columnType.enum:
    case columnType.set:
    case columnType.varString:
    case columnType.string:
      return stringSkipper(metadata)
    default:
      return undefined
  }
}

const fixedBytes: ReadonlyMap<number, number> = new Map([
  [columnType.tiny, 1],
  [columnType.short, 2],
  [columnType.long, 4],
  [columnType.null, 0],
  [columnType.timestamp, 4],
  [columnType.longLong, 8],
  [columnType.int24, 3],
  [columnType.date, 3],
  [columnType.time, 3],
  [columnType.dateTime, 8],
  [columnType.year, 1],
  [columnType.newDate, 3],
])

function stringSkipper(metadata: number): SkipValue {
  const { type, length } = storedString(metadata)
  if (type === columnType.enum || type === columnType.set) return skipFixed(length)
  return length > 255 ? skipPrefixed(2) : skipPrefixed(1)
}

/** What hides in a column of type STRING. */
export interface StoredString {
  /** ENUM, SET or STRING. */
  readonly type: number
  /** Bytes: of each value of ENUM and SET, else of the longest. */
  readonly length: number
}

/**
 * STRING's two bytes: the real type, with bits 8 and 9 of the length XORed into its bits 4 and 5 (which are set in all these
 * types), then the low byte of the length. (Field_string::do_save_field_metadata, calc_field_size)
 */
export function storedString(metadata: number): StoredString {
  const first = metadata >> 8
  const low = metadata & 0xff
  const type = first | 0x30
  if (type === columnType.enum || type === columnType.set) return { type, length: low }
  return { type: columnType.string, length: low | (((first & 0x30) ^ 0x30) << 4) }
}

function skipFixed(length: number): SkipValue {
  return (reader) => reader.skip(length)
}

function skipPrefixed(lengthBytes: number): SkipValue {
  return (reader) => reader.skip(reader.take(lengthBytes).readUIntLE(0, lengthBytes))
}

/** Fractional seconds: two digits a byte. */
export function fractionBytes(digits: number): number {
  return Math.ceil(digits / 2)
}
