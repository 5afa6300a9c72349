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

const none = new Int32Array(0)

/** The checksum of `bytes[start, end)`, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = -1
  let at = start
  const aligned = Math.min(end, at + ((4 - ((bytes.byteOffset + at) & 3)) & 3))
  for (; at < aligned; at += 1) sum = (sum >>> 8) ^ tables[(sum ^ bytes[at]!) & 0xff]!
  // Words of the memory beneath, two a step: to put them together from bytes would take as long as all the rest. Node runs on little-endian machines.
  const words =
    end - at < 8 ? none : new Int32Array(bytes.buffer, bytes.byteOffset + at, ((end - at) >>> 3) * 2)
  for (let word = 0; word < words.length; word += 2) {
    const low = sum ^ words[word]!
    const high = words[word + 1]!
    sum =
      tables[0x700 + (low & 0xff)]! ^
      tables[0x600 + ((low >>> 8) & 0xff)]! ^
      tables[0x500 + ((low >>> 16) & 0xff)]! ^
      tables[0x400 + (low >>> 24)]! ^
      tables[0x300 + (high & 0xff)]! ^
      tables[0x200 + ((high >>> 8) & 0xff)]! ^
      tables[0x100 + ((high >>> 16) & 0xff)]! ^
      tables[high >>> 24]!
  }
  for (at += words.length * 4; at < end; at += 1) sum = (sum >>> 8) ^ tables[(sum ^ bytes[at]!) & 0xff]!
  return ~sum >>> 0
}
