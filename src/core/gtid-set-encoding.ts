// The binary form of a MySQL GTID set: in the dump command and in the Previous_gtids event, with and without tags.
import { GtidSet, type GtidSetPart } from './gtid-set.ts'
import { MalformedDataError } from './malformed-data-error.ts'

// Gtid_set::encode_nsids_format of sql/rpl_gtid_set.cc: with tags, byte 0 and byte 7 of the count word hold the format, 1.
const taggedFormat = 1

/** Uses the tagged form only when a tag is there, as the server does: older servers know only the untagged one. */
export function encodeGtidSet(set: GtidSet): Buffer {
  const isTagged = set.hasTags
  const parts = set.parts()
  const header = Buffer.alloc(8)
  if (isTagged) {
    header.writeUIntLE(parts.length, 1, 6)
    header[0] = taggedFormat
    header[7] = taggedFormat
  } else {
    header.writeUIntLE(parts.length, 0, 6)
  }
  return Buffer.concat([header, ...parts.map((part) => encodePart(part, isTagged))])
}

/** Throws MalformedDataError where the bytes are not one whole GTID set; `baseOffset` is added to the place it names. */
export function decodeGtidSet(bytes: Buffer, baseOffset = 0): GtidSet {
  const fail = (offset: number, expected: string, found: string): never => {
    throw new MalformedDataError({ what: 'GTID set', offset: baseOffset + offset, expected, found })
  }
  const need = (offset: number, length: number): void => {
    if (length > bytes.length - offset) fail(offset, `${length} more bytes`, `${bytes.length - offset}`)
  }
  need(0, 8)
  const isTagged = bytes[7] === taggedFormat && bytes[0] === taggedFormat
  if (!isTagged && bytes[7] !== 0) fail(7, 'format 0 or 1', String(bytes[7]))
  const count = isTagged ? bytes.readUIntLE(1, 6) : bytes.readUIntLE(0, 6)
  let offset = 8
  const parts: GtidSetPart[] = []
  // Every turn eats at least 24 bytes or fails, so a false count cannot make this long.
  for (let i = 0; i < count; i++) {
    need(offset, 16)
    const uuid = formatUuid(bytes.subarray(offset, offset + 16))
    offset += 16
    let tag = ''
    if (isTagged) {
      need(offset, 1)
      // A tag has at most 32 bytes, so its length always fits one byte of the variable-length code: length << 1.
      const code = bytes.readUInt8(offset)
      if ((code & 1) === 1 || code > 64) fail(offset, 'a tag of 0 to 32 bytes', `length code ${code}`)
      need(offset + 1, code >> 1)
      tag = bytes.toString('latin1', offset + 1, offset + 1 + (code >> 1))
      offset += 1 + (code >> 1)
    }
    need(offset, 8)
    const intervalCount = bytes.readBigUInt64LE(offset)
    offset += 8
    if (intervalCount > BigInt(Math.floor((bytes.length - offset) / 16))) {
      fail(offset - 8, `intervals within ${bytes.length} bytes`, `${intervalCount}`)
    }
    const intervals = []
    for (let j = 0; j < Number(intervalCount); j++, offset += 16) {
      const first = bytes.readBigInt64LE(offset)
      const end = bytes.readBigInt64LE(offset + 8)
      if (first < 1n || end <= first) fail(offset, 'a range of numbers from 1', `${first} to ${end}`)
      intervals.push({ first, last: end - 1n })
    }
    parts.push({ uuid, tag, intervals })
  }
  if (offset !== bytes.length) fail(offset, 'the end', `${bytes.length - offset} more bytes`)
  return GtidSet.of(parts)
}

/** `bytes` must hold 16 bytes. */
export function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function encodePart(part: GtidSetPart, isTagged: boolean): Buffer {
  const tag = Buffer.from(part.tag, 'latin1')
  const numbers = Buffer.alloc(8 + 16 * part.intervals.length)
  numbers.writeBigUInt64LE(BigInt(part.intervals.length), 0)
  for (const [i, { first, last }] of part.intervals.entries()) {
    numbers.writeBigInt64LE(first, 8 + 16 * i)
    // The end is exclusive in this form.
    numbers.writeBigInt64LE(last + 1n, 16 + 16 * i)
  }
  const uuid = Buffer.from(part.uuid.replaceAll('-', ''), 'hex')
  return Buffer.concat([uuid, ...(isTagged ? [Buffer.from([tag.length << 1]), tag] : []), numbers])
}
