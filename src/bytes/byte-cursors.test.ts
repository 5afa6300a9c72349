import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

function reader(hex: string): ByteReader {
  return new ByteReader(Buffer.from(hex, 'hex'), { what: 'test' })
}

/** [value, its length-encoded form] from "Protocol::LengthEncodedInteger" */
const lenencs: readonly (readonly [bigint, string])[] = [
  [0n, '00'],
  [250n, 'fa'],
  [251n, 'fcfb00'],
  [0xffffn, 'fcffff'],
  [0x10000n, 'fd000001'],
  [0xffffffn, 'fdffffff'],
  [0x1000000n, 'fe0000000100000000'],
  [0xffffffffffffffffn, 'feffffffffffffffff'],
]
for (const [value, hex] of lenencs) {
  test(`the integer ${value} is length-encoded as ${hex}`, () => {
    assert.equal(new ByteWriter().lenenc(value).toBuffer().toString('hex'), hex)
    assert.equal(reader(hex).lenencBig(), value)
  })
}

test('a length-encoded integer may be longer than it needs to be', () => {
  assert.equal(reader('fc0100').lenenc(), 1)
  assert.equal(reader('fe0100000000000000').lenenc(), 1)
})

test('every length-encoded integer is read back, and nothing after it is touched', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }), fc.uint8Array(), (value, tail) => {
      const bytes = new ByteWriter(1).lenenc(value).bytes(tail).toBuffer()
      const read = new ByteReader(bytes, { what: 'test' })
      assert.equal(read.lenencBig(), value)
      assert.deepEqual(new Uint8Array(read.rest()), tail)
    }),
  )
})

test('what the writer writes the reader reads, whatever follows what', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 })
  fc.assert(
    fc.property(
      fc.nat(0xff),
      fc.nat(0xffff),
      fc.nat(0xffffff),
      fc.nat(0xffffffff),
      text,
      (a, b, c, d, text) => {
        const plain = text.replaceAll('\0', '')
        const bytes = new ByteWriter(1)
          .u8(a)
          .u16(b)
          .lenencText(text)
          .u24(c)
          .nulText(plain)
          .u32(d)
          .u48(d * 0x100 + a)
          .zeros(3)
          .u64(BigInt(d) << 31n)
          .toBuffer()
        const read = new ByteReader(bytes, { what: 'test' })
        assert.deepEqual([read.u8(), read.u16()], [a, b])
        assert.equal(read.lenencBytes().toString('utf8'), text)
        assert.equal(read.u24(), c)
        assert.equal(read.untilNul().toString('utf8'), plain)
        assert.deepEqual([read.u32(), read.u48(), read.u24()], [d, d * 0x100 + a, 0])
        assert.equal(read.u64(), BigInt(d) << 31n)
        assert.equal(read.remaining, 0)
      },
    ),
  )
})

/** [what is read, from, why it cannot be] */
const bad: readonly (readonly [string, string, (read: ByteReader) => unknown, RegExp])[] = [
  ['u8', '', (r) => r.u8(), /offset 0: expected 1 more bytes, found 0/],
  ['u32', '010203', (r) => r.u32(), /offset 0: expected 4 more bytes, found 3/],
  ['u64', '01020304050607', (r) => r.u64(), /expected 8 more bytes, found 7/],
  ['lenenc with half its length', 'fc01', (r) => r.lenenc(), /offset 1: expected 2 more bytes, found 1/],
  ['lenenc of NULL', 'fb', (r) => r.lenenc(), /offset 0: expected a length-encoded integer, found 0xfb/],
  ['lenenc of ERR', 'ff', (r) => r.lenencBig(), /found 0xff/],
  ['lenenc past 2^53', 'fe0000000000002000', (r) => r.lenenc(), /offset 0: expected an integer below 2\^53/],
  [
    'lenencBytes longer than the rest',
    '056162',
    (r) => r.lenencBytes(),
    /offset 1: expected 5 more bytes, found 2/,
  ],
  ['lenencBytes of 2^64 - 1', 'feffffffffffffffff', (r) => r.lenencBytes(), /below 2\^53/],
  ['untilNul without NUL', '6162', (r) => r.untilNul(), /expected a NUL-terminated string, found no NUL/],
  ['take of a negative length', '6162', (r) => r.take(-1), /expected -1 more bytes/],
]
for (const [what, hex, read, message] of bad) {
  test(`reading ${what} from '${hex}' fails with the offset`, () => {
    assert.throws(
      () => read(reader(hex)),
      (error) => error instanceof MalformedDataError && message.test(error.message),
    )
  })
}

test('offsets in messages count from the start of the file', () => {
  const read = new ByteReader(Buffer.of(1, 2), { what: 'event', file: 'binlog.000001', baseOffset: 400 }, 1)
  assert.throws(() => read.u32(), /malformed event in binlog.000001 at offset 401/)
})

test('the writer refuses what does not fit', () => {
  assert.throws(() => new ByteWriter().u8(256), RangeError)
  assert.throws(() => new ByteWriter().u16(-1), RangeError)
  assert.throws(() => new ByteWriter().lenenc(-1), /cannot be length-encoded/)
  assert.throws(() => new ByteWriter().lenenc(1n << 64n), RangeError)
  assert.throws(() => new ByteWriter().nulText('a\0b'), /cannot hold a NUL/)
})
