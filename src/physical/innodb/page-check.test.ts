import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../bytes/crc32c.ts'
import { checkPage, sealPage } from './page-check.ts'
import { readTablespace, type Tablespace } from './tablespace.ts'

const lsn = 0x1_0000_2345n

/** A page with something in every field, whose checksum is still to be set. */
function page(number: number, pageBytes: number, spaceId = 7): Buffer {
  const bytes = Buffer.from(Array.from({ length: pageBytes }, (_, at) => (at * 31 + number) & 0xff))
  bytes.writeUInt32BE(number, 4)
  bytes.writeBigUInt64BE(lsn, 16)
  bytes.writeUInt16BE(17_855, 24)
  bytes.writeBigUInt64BE(0n, 26)
  bytes.writeUInt32BE(spaceId, 34)
  return bytes
}

function space(more: Partial<Tablespace>): Tablespace {
  return { spaceId: 7, flags: 0, pageBytes: 16_384, format: 'classic', flavour: 'mysql', ...more }
}

const seals: Readonly<Record<string, (bytes: Buffer) => void>> = {
  classic: (bytes) => {
    const end = bytes.length - 8
    bytes.writeUInt32BE(Number(lsn & 0xffff_ffffn), end + 4)
    const sum = (crc32c(bytes, 4, 26) ^ crc32c(bytes, 38, end)) >>> 0
    bytes.writeUInt32BE(sum, 0)
    bytes.writeUInt32BE(sum, end)
  },
  full: (bytes) => {
    bytes.writeUInt32BE(crc32c(bytes, 0, bytes.length - 4), bytes.length - 4)
  },
  zip: (bytes) => {
    const sum = crc32c(bytes, 4, 16) ^ crc32c(bytes, 24, 26) ^ crc32c(bytes, 34)
    bytes.writeUInt32BE(sum >>> 0, 0)
  },
}

for (const [format, flavour, sizes] of [
  ['classic', 'mysql', [4096, 8192, 16_384, 32_768, 65_536]],
  ['full', 'mariadb', [4096, 8192, 16_384, 32_768, 65_536]],
  ['zip', 'mysql', [1024, 2048, 4096, 8192, 16_384]],
] as const) {
  for (const pageBytes of sizes) {
    test(`a ${format} page of ${pageBytes} bytes is sound until any of its bits flips`, () => {
      const bytes = page(3, pageBytes)
      seals[format]?.(bytes)
      const at = space({ format, flavour, pageBytes })
      assert.equal(checkPage(bytes, 0, 3, at), 'sound')
      // In the header, in the middle, and in the last bytes that are summed.
      const last = format === 'full' ? pageBytes - 5 : pageBytes - 9
      for (const offset of [5, 25, 40, pageBytes / 2, last]) {
        const flipped = Buffer.from(bytes)
        flipped[offset] = bytes[offset]! ^ 0x04
        assert.equal(checkPage(flipped, 0, 3, at), 'damaged', `byte ${offset}`)
      }
      assert.equal(checkPage(bytes, 0, 4, at), 'damaged', 'a sound page in a wrong place')
    })
  }
}

for (const [format, pageBytes] of [
  ['classic', 16_384],
  ['zip', 8192],
] as const) {
  test(`a ${format} page that was changed is sound again when it is sealed`, () => {
    const bytes = page(3, pageBytes)
    seals[format]?.(bytes)
    bytes.write('another', 1000)
    const at = space({ format, pageBytes })
    assert.equal(checkPage(bytes, 0, 3, at), 'damaged')
    sealPage(bytes, 0, at)
    assert.equal(checkPage(bytes, 0, 3, at), 'sound')
  })
}

test('a torn page, whose halves are of two writes, is damaged', () => {
  const [older, newer] = [page(3, 16_384), page(3, 16_384)]
  newer.fill(9, 9000, 9100)
  for (const each of [older, newer]) seals['classic']?.(each)
  const torn = Buffer.concat([newer.subarray(0, 8192), older.subarray(8192)])
  torn.writeUInt32BE(newer.readUInt32BE(0), 0)
  assert.equal(checkPage(torn, 0, 3, space({})), 'damaged')
})

test('a page of zeros is empty, and one with a single bit in it is not', () => {
  const bytes = Buffer.alloc(16_384)
  assert.equal(checkPage(bytes, 0, 9, space({})), 'empty')
  bytes[16_000] = 1
  assert.equal(checkPage(bytes, 0, 9, space({})), 'damaged')
})

test('a page of innodb_checksum_algorithm=none has the number that says so', () => {
  const bytes = page(3, 16_384)
  bytes.writeUInt32BE(Number(lsn & 0xffff_ffffn), 16_380)
  for (const at of [0, 16_376]) bytes.writeUInt32BE(0xdead_beef, at)
  assert.equal(checkPage(bytes, 0, 3, space({})), 'sound')
})

test('what is encrypted or compressed page by page is for the server to check', () => {
  for (const [flavour, type] of [
    ['mysql', 14],
    ['mysql', 15],
    ['mariadb', 34_354],
  ] as const) {
    const bytes = page(3, 16_384)
    bytes.writeUInt16BE(type, 24)
    assert.equal(checkPage(bytes, 0, 3, space({ flavour })), 'unchecked')
  }
})

test('the doublewrite buffer in the system tablespace holds pages of any file', () => {
  const bytes = page(3, 16_384)
  assert.equal(checkPage(bytes, 0, 64, space({ spaceId: 0 })), 'unchecked')
  assert.equal(checkPage(bytes, 0, 191, space({ spaceId: 0 })), 'unchecked')
  assert.equal(checkPage(bytes, 0, 192, space({ spaceId: 0 })), 'damaged')
})

for (const [what, flavour, flags, expected] of [
  ['MySQL, 16 KiB', 'mysql', 0x4000, { pageBytes: 16_384, format: 'classic' }],
  ['MySQL, 4 KiB', 'mysql', 0x4000 | (3 << 6), { pageBytes: 4096, format: 'classic' }],
  ['MySQL, KEY_BLOCK_SIZE=4', 'mysql', 0x4000 | (3 << 1) | 0x21, { pageBytes: 4096, format: 'zip' }],
  ['MariaDB, full_crc32, 16 KiB', 'mariadb', 0x15, { pageBytes: 16_384, format: 'full' }],
  ['MariaDB, full_crc32, 64 KiB', 'mariadb', 0x17, { pageBytes: 65_536, format: 'full' }],
  ['MariaDB, KEY_BLOCK_SIZE=8', 'mariadb', 0x21 | (4 << 1), { pageBytes: 8192, format: 'zip' }],
] as const) {
  test(`the flags of ${what} say how large its pages are`, () => {
    const header = page(0, 1024)
    header.writeUInt32BE(7, 38)
    header.writeUInt32BE(flags, 54)
    assert.deepEqual(readTablespace(header, flavour), { spaceId: 7, flags, flavour, ...expected })
  })
}

test('what has no header of a tablespace is none', () => {
  assert.equal(readTablespace(Buffer.alloc(10), 'mysql'), undefined)
  assert.equal(readTablespace(page(1, 1024), 'mysql'), undefined)
  const other = page(0, 1024)
  other.writeUInt32BE(8, 38)
  assert.equal(readTablespace(other, 'mysql'), undefined)
})
