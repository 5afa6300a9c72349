// MySQL's binary JSON, as rows hold it (sql-common/json_binary.h tells the format).
import { ByteReader } from '../bytes/byte-reader.ts'
import { columnType } from './column-types.ts'
import type { JsonNode } from './json-tree.ts'
import { decimalBytes, decimalText } from './packed-decimal.ts'
import { packedTimeText } from './packed-time.ts'

const jsonType = {
  smallObject: 0,
  largeObject: 1,
  smallArray: 2,
  largeArray: 3,
  literal: 4,
  int16: 5,
  uint16: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  double: 11,
  string: 12,
  opaque: 15,
} as const

const literals = ['null', 'true', 'false']

/** JSON_DOCUMENT_MAX_DEPTH */
const maxDepth = 100

/** Throws MalformedDataError, with `offset` as the place of the first byte. */
export function decodeBinaryJson(bytes: Buffer, offset: number): JsonNode {
  // A value of no bytes at all is what the server takes for null (json_binary::parse_binary).
  if (bytes.length === 0) return { kind: 'leaf', text: 'null' }
  return new BinaryJson(bytes, offset).read(bytes.readUInt8(0), 1, bytes.length, 0)
}

class BinaryJson {
  readonly #bytes: Buffer
  readonly #offset: number
  /** No two values share bytes in what a server wrote; where they do, text and time would grow without bound. */
  #unread: number

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes
    this.#offset = offset
    this.#unread = bytes.length
  }

  /** The value of this type that starts at `at`; its container ends at `end`. */
  read(type: number, at: number, end: number, depth: number): JsonNode {
    const reader = this.#at(at, end)
    switch (type) {
      case jsonType.smallObject:
      case jsonType.largeObject:
      case jsonType.smallArray:
      case jsonType.largeArray:
        if (depth >= maxDepth) throw reader.malformed(`at most ${maxDepth} levels of JSON`, 'more')
        return this.#container(type, at, end, depth)
      case jsonType.literal:
        return leaf(literal(reader, this.#spend(reader, 1).readUInt8(0)))
      case jsonType.int16:
        return leaf(String(this.#spend(reader, 2).readInt16LE(0)))
      case jsonType.uint16:
        return leaf(String(this.#spend(reader, 2).readUInt16LE(0)))
      case jsonType.int32:
        return leaf(String(this.#spend(reader, 4).readInt32LE(0)))
      case jsonType.uint32:
        return leaf(String(this.#spend(reader, 4).readUInt32LE(0)))
      case jsonType.int64:
        return leaf(String(this.#spend(reader, 8).readBigInt64LE(0)))
      case jsonType.uint64:
        return leaf(String(this.#spend(reader, 8).readBigUInt64LE(0)))
      case jsonType.double:
        return leaf(doubleText(this.#spend(reader, 8).readDoubleLE(0)))
      case jsonType.string:
        return leaf(JSON.stringify(this.#spend(reader, this.#length(reader)).toString('utf8')))
      case jsonType.opaque: {
        const columnTypeOf = this.#spend(reader, 1).readUInt8(0)
        return leaf(opaqueText(columnTypeOf, this.#spend(reader, this.#length(reader)), reader))
      }
      default:
        throw reader.malformed('a type of JSON value', String(type), 0)
    }
  }

  /** Counts and offsets have 2 bytes in a small container, 4 in a large one; offsets are from the container's own start. */
  #container(type: number, start: number, parentEnd: number, depth: number): JsonNode {
    const isObject = type === jsonType.smallObject || type === jsonType.largeObject
    const width = type === jsonType.smallObject || type === jsonType.smallArray ? 2 : 4
    const head = this.#at(start, parentEnd)
    const count = this.#spend(head, width).readUIntLE(0, width)
    const size = this.#spend(head, width).readUIntLE(0, width)
    if (size > parentEnd - start) {
      throw head.malformed(`a container of at most ${parentEnd - start} bytes`, String(size))
    }
    const end = start + size
    const entries = this.#at(start + 2 * width, end)
    const names = isObject ? this.#spend(entries, count * (width + 2)) : Buffer.alloc(0)
    const values = this.#spend(entries, count * (width + 1))
    const item = (i: number): JsonNode => {
      const at = i * (width + 1)
      const itemType = values.readUInt8(at)
      const place = values.readUIntLE(at + 1, width)
      if (!isInlined(itemType, width)) return this.read(itemType, start + place, end, depth + 1)
      return inlined(itemType, values.subarray(at + 1, at + 1 + width), entries)
    }
    if (!isObject) return { kind: 'array', items: Array.from({ length: count }, (_, i) => item(i)) }
    const members = new Map<string, JsonNode>()
    for (let i = 0; i < count; i++) {
      const at = i * (width + 2)
      const name = this.#at(start + names.readUIntLE(at, width), end)
      members.set(this.#spend(name, names.readUInt16LE(at + width)).toString('utf8'), item(i))
    }
    return { kind: 'object', members }
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow. */
  #length(reader: ByteReader): number {
    let length = 0
    for (let i = 0; i < 5; i++) {
      const byte = reader.u8()
      length += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return length
    }
    throw reader.malformed('a length of at most 5 bytes', 'more')
  }

  #at(start: number, end: number): ByteReader {
    const origin = { what: 'JSON value', baseOffset: this.#offset }
    const reader = new ByteReader(this.#bytes.subarray(0, end), origin)
    reader.skip(start)
    return reader
  }

  #spend(reader: ByteReader, length: number): Buffer {
    const bytes = reader.take(length)
    this.#unread -= length
    if (this.#unread < 0) throw reader.malformed('values that share no bytes', 'values that overlap')
    return bytes
  }
}

function leaf(text: string): JsonNode {
  return { kind: 'leaf', text }
}

function isInlined(type: number, width: number): boolean {
  if (type === jsonType.literal || type === jsonType.int16 || type === jsonType.uint16) return true
  return width === 4 && (type === jsonType.int32 || type === jsonType.uint32)
}

function inlined(type: number, bytes: Buffer, reader: ByteReader): JsonNode {
  switch (type) {
    case jsonType.literal:
      return leaf(literal(reader, bytes.readUInt8(0)))
    case jsonType.int16:
      return leaf(String(bytes.readInt16LE(0)))
    case jsonType.uint16:
      return leaf(String(bytes.readUInt16LE(0)))
    case jsonType.int32:
      return leaf(String(bytes.readInt32LE(0)))
    default:
      return leaf(String(bytes.readUInt32LE(0)))
  }
}

function literal(reader: ByteReader, value: number): string {
  const text = literals[value]
  if (text === undefined) throw reader.malformed('null, true or false', String(value))
  return text
}

/** What JSON has no type for: the type of column that it came from, and its bytes. */
function opaqueText(type: number, bytes: Buffer, reader: ByteReader): string {
  switch (type) {
    case columnType.newDecimal: {
      const [precision = 0, scale = 0] = bytes
      const packed = bytes.subarray(2)
      if (precision < 1 || scale > precision || packed.length !== decimalBytes(precision, scale)) {
        throw reader.malformed('a packed decimal', bytes.toString('hex', 0, 40))
      }
      return decimalText(packed, precision, scale)
    }
    case columnType.date:
    case columnType.time:
    case columnType.dateTime:
    case columnType.timestamp: {
      if (bytes.length !== 8) throw reader.malformed('a time of 8 bytes', String(bytes.length))
      const kind = type === columnType.date ? 'date' : type === columnType.time ? 'time' : 'datetime'
      return JSON.stringify(packedTimeText(kind, bytes.readBigInt64LE(0)))
    }
    default:
      return JSON.stringify(`base64:type${type}:${bytes.toString('base64')}`)
  }
}

/** As the server prints a DOUBLE within JSON: the shortest digits, and always to be told from an integer. */
function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const [digits = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  // my_gcvt writes an exponent beyond DBL_DIG = 15 digits before the point or zeros behind it; JavaScript behind six zeros already.
  if (exponent >= 15 || exponent < -15) return `${digits}e${exponent}`
  if (exponent < -6) {
    const sign = value < 0 ? '-' : ''
    return `${sign}0.${'0'.repeat(-exponent - 1)}${digits.replace(/[-.]/g, '')}`
  }
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}
