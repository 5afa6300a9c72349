// The value of a column in a row, as text and numbers that people and JSON can carry.
import { inflateRawSync, inflateSync } from 'node:zlib'
import { ByteReader } from '../bytes/byte-reader.ts'
import { decodeBinaryJson } from './binary-json.ts'
import { binaryCharset, textIn } from './character-sets.ts'
import { type ColumnFacts, labelTypeOf } from './column-facts.ts'
import { columnType, storedString } from './column-types.ts'
import { jsonText } from './json-tree.ts'
import { decimalBytes, decimalText } from './packed-decimal.ts'
import {
  readDate,
  readDateTime,
  readDateTime2,
  readTime,
  readTime2,
  readTimestamp,
  readTimestamp2,
} from './packed-time.ts'
import type { TableColumn } from './table-map-event.ts'

/**
 * A number where JSON carries it exactly; larger integers, decimals, times, text and JSON documents as text. Bytes that are no text in
 * base64. Where the log does not say which of two values it is, both.
 */
export type LoggedValue =
  | null
  | number
  | string
  | { readonly base64: string }
  | { readonly signed: number | string; readonly unsigned: number | string }
  /** Of ENUM and SET, where their labels are not known: places in the definition, from 1. */
  | { readonly label: number }
  | { readonly labels: readonly number[] }
  /** A JSON document of which only the changes are known. */
  | { readonly jsonChanges: readonly JsonChange[] }

export interface JsonChange {
  readonly operation: 'replace' | 'insert' | 'remove'
  readonly path: string
  /** JSON. */
  readonly value?: string
}

export type ReadValue = (reader: ByteReader) => LoggedValue

/** How to read a value of a column. Undefined for a type that is not known here. */
export function valueReader(column: TableColumn, facts: ColumnFacts): ReadValue | undefined {
  const { type, metadata } = column
  switch (type) {
    case columnType.tiny:
      return integerReader(1, facts)
    case columnType.short:
      return integerReader(2, facts)
    case columnType.int24:
      return integerReader(3, facts)
    case columnType.long:
      return integerReader(4, facts)
    case columnType.longLong:
      return integerReader(8, facts)
    case columnType.null:
      return () => null
    case columnType.float:
      return metadata === 4 ? (reader) => signedZero(shortFloat(reader.take(4).readFloatLE(0))) : undefined
    case columnType.double:
      return metadata === 8 ? (reader) => signedZero(reader.take(8).readDoubleLE(0)) : undefined
    case columnType.year:
      return (reader) => {
        const year = reader.u8()
        return year === 0 ? '0000' : String(1900 + year)
      }
    case columnType.date:
    case columnType.newDate:
      return readDate
    case columnType.time:
      return readTime
    case columnType.dateTime:
      return readDateTime
    case columnType.timestamp:
      return readTimestamp
    case columnType.time2:
      return timeReader(readTime2, metadata)
    case columnType.dateTime2:
      return timeReader(readDateTime2, metadata)
    case columnType.timestamp2:
      return timeReader(readTimestamp2, metadata)
    case columnType.newDecimal:
      return decimalReader(metadata >> 8, metadata & 0xff)
    case columnType.bit:
      return bitReader((metadata >> 8) * 8 + (metadata & 0xff))
    case columnType.varchar: {
      const take = taken(metadata < 256 ? 1 : 2)
      return (reader) => textOrBytes(take(reader), facts.charset)
    }
    case columnType.varcharCompressed: {
      const take = taken(metadata < 256 ? 1 : 2)
      return (reader) => textOrBytes(uncompressed(reader, take(reader)), facts.charset)
    }
    case columnType.tinyBlob:
    case columnType.mediumBlob:
    case columnType.longBlob:
    case columnType.blob:
      return blobReader(metadata, (bytes) => textOrBytes(bytes, facts.charset))
    case columnType.blobCompressed:
      return blobReader(metadata, (bytes, reader) => textOrBytes(uncompressed(reader, bytes), facts.charset))
    case columnType.vector:
    case columnType.geometry:
      return blobReader(metadata, bytesValue)
    case columnType.json:
      return blobReader(metadata, (bytes, reader) =>
        jsonText(decodeBinaryJson(bytes, reader.place - bytes.length)),
      )
    case columnType.enum:
    case columnType.set:
    case columnType.varString:
    case columnType.string:
      return stringReader(column, facts)
    default:
      return undefined
  }
}

/** JSON has no number that big; nor have most of those who read it. */
function exact(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

function integerReader(bytes: number, { isUnsigned }: ColumnFacts): ReadValue {
  return (reader) => {
    const raw = reader.take(bytes)
    const unsigned = bytes === 8 ? raw.readBigUInt64LE(0) : BigInt(raw.readUIntLE(0, bytes))
    const signed = BigInt.asIntN(bytes * 8, unsigned)
    if (isUnsigned !== undefined) return exact(isUnsigned ? unsigned : signed)
    return signed === unsigned ? exact(signed) : { signed: exact(signed), unsigned: exact(unsigned) }
  }
}

/** The shortest digits that are this float and no other. */
function shortFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

/** JSON.stringify knows no zero below zero, nor what is no number; rows of these servers have none of the latter. */
function signedZero(value: number): number | string {
  return Object.is(value, -0) || !Number.isFinite(value) ? (value === 0 ? '-0' : String(value)) : value
}

function timeReader(read: (reader: ByteReader, digits: number) => string, digits: number): ReadValue {
  return (reader) => {
    if (digits > 6) throw reader.malformed('at most 6 digits of a second', String(digits))
    return read(reader, digits)
  }
}

function decimalReader(precision: number, scale: number): ReadValue {
  return (reader) => {
    if (precision < 1 || scale > precision)
      throw reader.malformed('a decimal with digits', `decimal(${precision},${scale})`)
    return decimalText(reader.take(decimalBytes(precision, scale)), precision, scale)
  }
}

/** `b'0101'`, with all bits of the column. */
function bitReader(bits: number): ReadValue {
  return (reader) => {
    if (bits > 64) throw reader.malformed('at most 64 bits', String(bits))
    let text = ''
    for (const byte of reader.take(Math.ceil(bits / 8))) text += byte.toString(2).padStart(8, '0')
    return `b'${text.slice(text.length - bits)}'`
  }
}

function taken(lengthBytes: number): (reader: ByteReader) => Buffer {
  return (reader) => reader.take(reader.take(lengthBytes).readUIntLE(0, lengthBytes))
}

function blobReader(
  lengthBytes: number,
  value: (bytes: Buffer, reader: ByteReader) => LoggedValue,
): ReadValue | undefined {
  if (lengthBytes < 1 || lengthBytes > 4) return undefined
  const take = taken(lengthBytes)
  return (reader) => value(take(reader), reader)
}

function bytesValue(bytes: Buffer): LoggedValue {
  return { base64: bytes.toString('base64') }
}

// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/

/** Where the character set is not known, UTF-8 without control characters is taken for text. */
function textOrBytes(bytes: Buffer, charset: string | undefined): LoggedValue {
  if (charset === binaryCharset) return bytesValue(bytes)
  const text = textIn(charset ?? 'utf8mb4', bytes)
  if (text === undefined || (charset === undefined && unprintable.test(text))) return bytesValue(bytes)
  return text
}

function stringReader(column: TableColumn, facts: ColumnFacts): ReadValue {
  const labelType = labelTypeOf(column)
  const length =
    column.type === columnType.string ? storedString(column.metadata).length : column.metadata & 0xff
  if (labelType === columnType.enum) return enumReader(length, facts.labels)
  if (labelType === columnType.set) return setReader(length, facts.labels)
  const stored = storedString(column.metadata).length
  const take = taken(stored > 255 ? 2 : 1)
  return (reader) => {
    const bytes = take(reader)
    if (facts.charset !== binaryCharset || bytes.length >= stored) return textOrBytes(bytes, facts.charset)
    // BINARY(n) is logged without the zeros at its end.
    return bytesValue(Buffer.concat([bytes], stored))
  }
}

function enumReader(bytes: number, labels: readonly string[] | undefined): ReadValue {
  return (reader) => {
    const place = smallNumber(reader, bytes)
    // 0 is the empty text that stands for a wrong one.
    if (place === 0) return ''
    return labels?.[place - 1] ?? { label: place }
  }
}

function setReader(bytes: number, labels: readonly string[] | undefined): ReadValue {
  return (reader) => {
    if (bytes > 8) throw reader.malformed('a SET of at most 8 bytes', String(bytes))
    const places: number[] = []
    for (const [i, byte] of reader.take(bytes).entries()) {
      for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) places.push(i * 8 + bit + 1)
    }
    const names = places.map((place) => labels?.[place - 1])
    return names.every((name) => name !== undefined) ? names.join(',') : { labels: places }
  }
}

function smallNumber(reader: ByteReader, bytes: number): number {
  if (bytes < 1 || bytes > 2) throw reader.malformed('an ENUM of 1 or 2 bytes', String(bytes))
  return reader.take(bytes).readUIntLE(0, bytes)
}

// A value of deflate cannot expand more than this (zlib's own bound).
const maxDeflateRatio = 1032

/**
 * MariaDB's compressed columns: nothing for an empty value, a zero byte before one that is as it was, or `1wnn nnnn`: w without zlib's
 * wrapper, n bytes of plain length in big endian (compress_zlib of sql/field.cc).
 */
function uncompressed(reader: ByteReader, bytes: Buffer): Buffer {
  const [head] = bytes
  if (head === undefined) return bytes
  if (head === 0) return bytes.subarray(1)
  const lengthBytes = head & 0x07
  const packed = bytes.subarray(1 + lengthBytes)
  if (head >> 4 !== 8 || lengthBytes < 1 || lengthBytes > 4 || packed.length === 0)
    throw reader.malformed('a compressed column', `0x${head.toString(16)}`)
  const length = bytes.readUIntBE(1, lengthBytes)
  if (length < 1 || length > packed.length * maxDeflateRatio)
    throw reader.malformed(`at most ${packed.length * maxDeflateRatio} bytes unpacked`, String(length))
  try {
    const options = { maxOutputLength: length }
    const plain = (head & 8) === 0 ? inflateSync(packed, options) : inflateRawSync(packed, options)
    if (plain.length === length) return plain
    throw new RangeError(`${plain.length} bytes unpacked, and not ${length}`)
  } catch (error) {
    throw reader.malformed('zlib data', error instanceof Error ? error.message : String(error))
  }
}
