import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { binaryCollationId, type ColumnDefinition, columnType } from './packets/column-definition.ts'
import { textRowToBytes } from './packets/text-row.ts'
import type { SqlValue } from './results.ts'
import { bigintOf, numberOf, textOf, textOrNull } from './row-values.ts'
import { rowDecoder } from './typed-rows.ts'

function column(name: string, type: number, collationId = 45): ColumnDefinition {
  return {
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: name,
    collationId,
    columnLength: 0,
    type,
    flags: 0,
    decimals: 0,
  }
}

const values: readonly (readonly [string, number, number, string, SqlValue])[] = [
  ['TINYINT', columnType.tiny, 63, '-1', -1],
  ['BIGINT within 2^53', columnType.longLong, 63, '9007199254740991', 9007199254740991],
  ['BIGINT past 2^53', columnType.longLong, 63, '9007199254740992', 9007199254740992n],
  ['BIGINT below -2^53', columnType.longLong, 63, '-9223372036854775808', -9223372036854775808n],
  ['DOUBLE', columnType.double, 63, '1.5e300', 1.5e300],
  ['DECIMAL', columnType.newDecimal, 63, '0.10', '0.10'],
  ['DATETIME', columnType.datetime, 63, '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  ['TEXT', columnType.blob, 45, 'é', 'é'],
  ['BLOB', columnType.blob, binaryCollationId, 'é', Buffer.from('é')],
  ['JSON', columnType.json, binaryCollationId, '{}', '{}'],
  ['BIT', columnType.bit, 63, '\u0001', Buffer.of(1)],
  ['a type of the future', 200, 45, 'x', 'x'],
]
for (const [what, type, collation, sent, expected] of values) {
  test(`a value of ${what} is read as ${typeof expected}`, () => {
    const decode = rowDecoder([column('v', type, collation)])
    assert.deepEqual(decode(textRowToBytes([sent])), { v: expected })
    assert.deepEqual(decode(textRowToBytes([null])), { v: null })
  })
}

test('a column may have any name', () => {
  const decode = rowDecoder([column('__proto__', columnType.varString), column('', columnType.long, 63)])
  const row = decode(textRowToBytes(['a', '2']))
  assert.deepEqual(Object.entries(row), [
    ['__proto__', 'a'],
    ['', 2],
  ])
})

test('text that is not UTF-8 is refused rather than changed', () => {
  const decode = rowDecoder([column('v', columnType.varString)])
  assert.throws(() => decode(textRowToBytes([Buffer.of(0xe9)])), MalformedDataError)
})

test('a small value does not keep the bytes it came with', () => {
  const decode = rowDecoder([column('v', columnType.blob, binaryCollationId)])
  const large = Buffer.alloc(1024 * 1024)
  const packet = textRowToBytes([Buffer.of(7)])
  packet.copy(large)
  const value = decode(large.subarray(0, packet.length))['v']
  assert(Buffer.isBuffer(value) && value.buffer !== large.buffer)
})

test('values are taken from a row as the type that is counted on', () => {
  const row = { n: 5, big: 1n << 60n, text: '12', nil: null, bytes: Buffer.from('ab') }
  assert.deepEqual([textOf(row, 'n'), textOf(row, 'bytes'), textOrNull(row, 'nil')], ['5', 'ab', null])
  assert.deepEqual([numberOf(row, 'n'), numberOf(row, 'text')], [5, 12])
  assert.deepEqual([bigintOf(row, 'big'), bigintOf(row, 'text')], [1n << 60n, 12n])
  assert.throws(() => textOf(row, 'nil'), /column nil is NULL/)
  assert.throws(() => numberOf(row, 'big'), /column big is no number/)
  assert.throws(() => textOf(row, 'nowhere'), /no column nowhere in the result; it has n, big/)
})
