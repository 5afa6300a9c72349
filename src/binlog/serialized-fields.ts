// MySQL's own serialization format (libs/mysql/serialization): numbered fields, integers of one to nine bytes. Tagged GTIDs use it.
import type { ByteReader } from '../bytes/byte-reader.ts'

/**
 * An unsigned integer of `mysql::serialization`: the ones at the low end of the first byte, up to eight, count the bytes that
 * follow; the value stands above them. (variable_length_integers.h)
 */
export function readVarint(reader: ByteReader): bigint {
  const first = reader.u8()
  let following = 0
  while (following < 8 && ((first >> following) & 1) === 1) following++
  let value = BigInt(first >> (following + 1))
  const lowBits = 7 - following
  for (let i = 0; i < following; i++) {
    // With eight following bytes nothing of the first byte is left for the value.
    value |= BigInt(reader.u8()) << BigInt((following === 8 ? 0 : lowBits) + 8 * i)
  }
  return value
}

/** A signed one: the sign is the lowest bit, and the bits of a negative number are inverted. */
export function readSignedVarint(reader: ByteReader): bigint {
  const value = readVarint(reader)
  return (value & 1n) === 1n ? ~(value >> 1n) : value >> 1n
}

/** What a field's bytes are. Arrays of bytes hold each byte as an integer of its own. */
export type FieldKind = 'unsigned' | 'signed' | 'text' | { readonly byteCount: number }

export type FieldValue = bigint | Buffer

/**
 * Reads a whole message: version, size, and fields in ascending order of number, some left out. Unknown fields that the
 * message marks as ignorable end the reading; unknown ones that it does not are refused, as the server does.
 */
export function readFields(reader: ByteReader, kinds: readonly FieldKind[]): ReadonlyMap<number, FieldValue> {
  const start = reader.offset
  const available = BigInt(reader.remaining)
  const version = readVarint(reader)
  if (version !== 1n) throw reader.malformed('serialization version 1', String(version))
  const size = readVarint(reader)
  if (size > available) throw reader.malformed(`a message of at most ${available} bytes`, String(size))
  // The size counts from the version on.
  const end = start + Number(size)
  const lastRequired = readVarint(reader)
  if (lastRequired > BigInt(kinds.length)) {
    throw reader.malformed(`fields up to number ${kinds.length - 1}`, `required field ${lastRequired - 1n}`)
  }
  const fields = new Map<number, FieldValue>()
  while (reader.offset < end) {
    const number = Number(readVarint(reader))
    const kind = kinds[number]
    if (kind === undefined) break
    fields.set(number, readField(reader, kind))
  }
  return fields
}

function readField(reader: ByteReader, kind: FieldKind): FieldValue {
  if (kind === 'unsigned') return readVarint(reader)
  if (kind === 'signed') return readSignedVarint(reader)
  if (kind === 'text') {
    const length = readVarint(reader)
    if (length > BigInt(reader.remaining))
      throw reader.malformed(`text of at most ${reader.remaining} bytes`, String(length))
    return reader.take(Number(length))
  }
  const bytes = Buffer.alloc(kind.byteCount)
  for (let i = 0; i < kind.byteCount; i++) {
    const value = readVarint(reader)
    if (value > 0xffn) throw reader.malformed('a byte', String(value))
    bytes[i] = Number(value)
  }
  return bytes
}
