// CRC-32C (Castagnoli), which InnoDB puts on its pages; zlib has only the other CRC-32. Eight bytes a step, by eight tables.

/** The polynomial 0x1EDC6F41, bits reversed (RFC 3720, 12.1). */
const polynomial = 0x82f6_3b78

/** Table k: what a byte does to the sum when k more bytes follow. All in one, as an index is cheaper than a second array. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let sum = byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ polynomial
    made[byte] = sum
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = made[at - 256]!
    made[at] = (before >>> 8) ^ made[before & 0xff]!
  }
  return made
}

/** The checksum of `bytes[start, end)`, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = -1
  let at = start
  for (const last = end - 7; at < last; at += 8) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    sum =
      tables[0x700 + (sum & 0xff)]! ^
      tables[0x600 + ((sum >>> 8) & 0xff)]! ^
      tables[0x500 + ((sum >>> 16) & 0xff)]! ^
      tables[0x400 + (sum >>> 24)]! ^
      tables[0x300 + bytes[at + 4]!]! ^
      tables[0x200 + bytes[at + 5]!]! ^
      tables[0x100 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!
  }
  for (; at < end; at += 1) sum = (sum >>> 8) ^ tables[(sum ^ bytes[at]!) & 0xff]!
  return ~sum >>> 0
}
