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
