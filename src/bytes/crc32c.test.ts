import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'

// RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.
for (const [bytes, expected] of [
  [Buffer.alloc(0), 0],
  [Buffer.from('123456789'), 0xe306_9283],
  [Buffer.alloc(32), 0x8a91_36aa],
  [Buffer.alloc(32, 0xff), 0x62a8_ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd_794e],
  [Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113f_db5c],
] as const) {
  test(`CRC-32C of ${bytes.length} bytes from ${bytes.subarray(0, 2).toString('hex')} is ${expected.toString(16)}`, () => {
    assert.equal(crc32c(bytes), expected)
    const framed = Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('d')])
    assert.equal(crc32c(framed, 3, 3 + bytes.length), expected)
  })
}

test('CRC-32C is the same wherever in memory the bytes begin and end', () => {
  const bytes = Buffer.from(Array.from({ length: 64 }, (_, at) => (at * 37 + 11) & 0xff))
  for (let start = 0; start < 12; start += 1) {
    for (let end = start; end <= bytes.length; end += 1) {
      assert.equal(crc32c(bytes, start, end), bitByBit(bytes.subarray(start, end)), `${start} to ${end}`)
    }
  }
})

/** As RFC 3720 defines it. */
function bitByBit(bytes: Uint8Array): number {
  let sum = -1
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ 0x82f6_3b78
  }
  return ~sum >>> 0
}
