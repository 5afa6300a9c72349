import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { tupleBetween } from './interpolate.ts'
import { type KeyColumn, type KeyKind, valueOf } from './key-column.ts'
import { numberLines } from './number-line.ts'
import { bytesBetween, textBetween } from './text-line.ts'

const half = { part: 1n, of: 2n }
const column = (kind: KeyKind, collation = ''): KeyColumn => ({
  name: 'k',
  kind,
  charset: collation.split('_')[0] ?? '',
  collation,
})
const fraction = fc
  .tuple(fc.bigInt(0n, 128n), fc.boolean())
  .map(([bits, isHigh]) => ({ part: isHigh ? (1n << bits) - 1n : 1n, of: 1n << bits }))

/** In UTF-8 the order of code points is that of bytes. */
function isBelow(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0
}

function between(of: KeyColumn, low: string, high: string, at = half): string | undefined {
  return tupleBetween([of], [valueOf(of, low)], [valueOf(of, high)], at)?.[0]?.text
}

/** Kind, low, high, and what is half way. */
const middles: readonly (readonly [KeyColumn, string, string, string])[] = [
  [column('integer'), '-10', '20', '5'],
  [column('integer'), '5', '6', '6'],
  [column('integer'), '00000000000000000000', '18446744073709551615', '9223372036854775807'],
  [column('decimal'), '-0.03', '0.01', '-0.01'],
  [column('decimal'), '-12345678901234567890.0000000001', '0.0000000000', '-6172839450617283945.0000000001'],
  [column('year'), '0000', '1901', '1901'],
  [column('year'), '1990', '2010', '2000'],
  [column('date'), '2024-01-01', '2024-01-31', '2024-01-16'],
  [column('date'), '0000-00-00', '0000-01-03', '0000-01-01'],
  [column('date'), '2020-02-31', '2020-03-04', '2020-03-03'],
  [column('datetime'), '2024-01-01 00:00:00', '2024-01-02 00:00:00', '2024-01-01 12:00:00'],
  [column('datetime'), '1969-12-31 23:59:59.9', '1970-01-01 00:00:00.1', '1970-01-01 00:00:00.0'],
  [column('timestamp'), '0000-00-00 00:00:00', '2038-01-01 00:00:00', '1970-01-01 00:00:01'],
  [column('time'), '-838:59:59.50', '838:59:59.50', '00:00:00.00'],
  [column('time'), '-00:00:03', '-00:00:01', '-00:00:02'],
  [column('inet4'), '10.0.0.0', '10.2.0.0', '10.1.0.0'],
  [column('inet6'), '::', '::ffff:10.0.0.0', '0000:0000:0000:0000:0000:7fff:8500:0000'],
  [column('inet6'), '2001:db8::', '2001:db8::10', '2001:0db8:0000:0000:0000:0000:0000:0008'],
  // Version 1 is sorted by host and then time, version 7 as it is written.
  [
    column('uuid'),
    '00000000-5a3b-11ef-8123-0242ac120002',
    '00000004-5a3b-11ef-8123-0242ac120002',
    '00000002-5a3b-11ef-8123-0242ac120002',
  ],
  [
    column('uuid'),
    '018f0000-0000-7000-a000-000000000000',
    '018f0002-0000-7fff-a000-000000000000',
    '018f0001-0000-77ff-a800-000000000000',
  ],
  [column('text', 'latin1_swedish_ci'), 'user1', 'user9', 'user5'],
  [column('text', 'latin1_swedish_ci'), 'User10', 'uSER90', 'user50'],
  [column('text', 'utf8mb4_bin'), 'a', 'c', 'b'],
]

for (const [of, low, high, middle] of middles) {
  test(`half way from ${low} to ${high} is ${middle} (${of.kind})`, () => {
    assert.match(between(of, low, high) ?? '', new RegExp(`^${RegExp.escape(middle)}`))
  })
}

test('points of a line become values and points again', () => {
  const samples: readonly (readonly [KeyKind, string, bigint, bigint])[] = [
    ['integer', '0', -(1n << 63n), 1n << 64n],
    ['decimal', '0.000', -(10n ** 60n), 10n ** 60n],
    ['year', '2000', 1901n, 2155n],
    ['date', '2000-01-01', -719528n, 2932896n],
    ['datetime', '2000-01-01 00:00:00.000000', -62167219200000000n, 253402300799999999n],
    ['timestamp', '2000-01-01 00:00:00.000000', 1000000n, 4294967295999999n],
    ['time', '00:00:00.000000', -3020399999999n, 3020399999999n],
    ['inet4', '0.0.0.0', 0n, (1n << 32n) - 1n],
    ['inet6', '::', 0n, (1n << 128n) - 1n],
    ['uuid', '00000000-0000-4000-8000-000000000000', 0n, (1n << 120n) - 1n],
    ['uuid', '00000000-0000-7000-8000-000000000000', 0n, (1n << 120n) - 1n],
  ]
  for (const [kind, like, min, max] of samples) {
    const line = numberLines[kind]
    assert.ok(line)
    fc.assert(
      fc.property(fc.bigInt(min, max), (point) => {
        assert.equal(line.point(line.value(point, like)), point, kind)
      }),
    )
  }
})

test('a number that is guessed is above the low one and not above the high one', () => {
  fc.assert(
    fc.property(fc.bigInt(-(1n << 70n), 1n << 70n), fc.bigInt(1n, 1n << 70n), fraction, (low, gap, at) => {
      const guess = BigInt(between(column('integer'), String(low), String(low + gap), at) ?? '')
      assert.ok(low < guess && guess <= low + gap)
    }),
  )
})

test('bytes that are guessed are above the low ones and not above the high ones', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(bytes, bytes, bytes, fraction, (prefix, one, other, at) => {
      const [low, high] = [one, other]
        .map((rest) => Buffer.concat([prefix, rest]))
        .toSorted((a, b) => Buffer.compare(a, b))
      assert.ok(low && high)
      const guess = bytesBetween(low.toString('hex'), high.toString('hex'), at)
      if (low.equals(high)) return assert.equal(guess, undefined)
      const found = Buffer.from(guess ?? '', 'hex')
      assert.ok(Buffer.compare(low, found) < 0 && Buffer.compare(found, high) <= 0)
    }),
  )
})

test('a text that is guessed by code points is whole characters between the two', () => {
  const order = { charset: 'utf8mb4', collation: 'utf8mb4_bin' }
  const text = fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => value.isWellFormed())
  fc.assert(
    fc.property(text, text, text, fraction, (prefix, one, other, at) => {
      const [low = '', high = ''] = [prefix + one, prefix + other].toSorted((a, b) =>
        isBelow(a, b) ? -1 : 1,
      )
      const guess = textBetween(low, high, at, order, 0)
      if (low === high) return assert.equal(guess, undefined)
      assert.ok(
        guess?.isWellFormed() && !isBelow(guess, low) && !isBelow(high, guess),
        JSON.stringify({ low, guess, high }),
      )
    }),
  )
})

test('any two texts give well-formed guesses in every way', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 }).map((value) => value.toWellFormed())
  const collations = ['utf8mb4_0900_ai_ci', 'gbk_chinese_ci', 'sjis_japanese_ci', 'utf8mb4_bin']
  fc.assert(
    fc.property(
      text,
      text,
      fraction,
      fc.nat(9),
      fc.constantFrom(...collations),
      (low, high, at, way, collation) => {
        const order = { charset: collation.split('_')[0] ?? '', collation }
        assert.ok(textBetween(low, high, at, order, way)?.isWellFormed() ?? true)
      },
    ),
  )
})

test('of several columns the first one that differs is cut', () => {
  const columns = [column('text', 'utf8mb4_general_ci'), column('integer'), column('integer')]
  const tuple = (name: string, ...numbers: number[]) =>
    [name, ...numbers.map(String)].map((text, at) => valueOf(columns[at] ?? column('integer'), text))
  const texts = (low: ReturnType<typeof tuple>, high: ReturnType<typeof tuple>) =>
    tupleBetween(columns, low, high, half)?.map(({ text }) => text)
  assert.deepEqual(texts(tuple('a', 1, 5), tuple('a', 1, 9)), ['a', '1', '7'])
  assert.deepEqual(texts(tuple('a', 1, 5), tuple('a', 3, 0)), ['a', '2'])
  // One text for the collation.
  assert.deepEqual(texts(tuple('a', 1, 5), tuple('Á ', 3, 0)), ['a', '2'])
  assert.equal(texts(tuple('a', 1, 5), tuple('a', 1, 5)), undefined)
})

test('an order that is not ours is tried in other ways', () => {
  const order = { charset: 'latin1', collation: 'latin1_swedish_ci' }
  const ways = [0, 1, 2, 3, 4, 5].map((way) => textBetween('Zebra', 'ärlig', half, order, way))
  // Reversed by letters, the first letter, by code point.
  assert.ok(ways.every((way) => way !== undefined))
  assert.ok(new Set(ways).size >= 3, ways.join(' '))
})
