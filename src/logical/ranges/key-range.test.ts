import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyColumn, KeyValue } from './key-column.ts'
import { valueOf } from './key-column.ts'
import { rangeCondition, rangeSelect, rangeText, wholeTable } from './key-range.ts'
import type { RangeKey } from './range-key.ts'

const number = (name: string): KeyColumn => ({ name, kind: 'integer', charset: '', collation: '' })
const key = (columns: readonly KeyColumn[], isNullable = false): RangeKey => ({
  schema: 's',
  table: 't',
  index: 'PRIMARY',
  columns,
  isNullable,
  isClustered: !isNullable,
})
const tuple = (...numbers: readonly number[]): KeyValue[] =>
  numbers.map((value) => valueOf(number(''), String(value)))
const all = { from: undefined, below: undefined }

test('a range of one column is bounded by plain comparisons', () => {
  const id = key([number('id')])
  assert.equal(rangeCondition(id, { from: tuple(1), below: tuple(9) }), '`id` >= 1 AND `id` < 9')
  assert.equal(rangeCondition(id, { ...all, below: tuple(9) }), '`id` < 9')
  assert.equal(rangeCondition(id, { ...all, from: tuple(1) }), '`id` >= 1')
  assert.equal(rangeCondition(id, all), '')
})

test('a tuple is spelled out with a bound on its first column alone', () => {
  const pair = key([number('a'), number('b'), number('c')])
  assert.equal(
    rangeCondition(pair, { ...all, from: tuple(1, 2, 3) }),
    '`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` >= 2 AND (`b` > 2 OR (`b` = 2 AND `c` >= 3))))',
  )
  assert.equal(
    rangeCondition(pair, { ...all, below: tuple(1, 2) }),
    '`a` <= 1 AND (`a` < 1 OR (`a` = 1 AND `b` < 2))',
  )
})

test('rows whose key is NULL are in a range of their own and in no other', () => {
  const nullable = key([number('a')], true)
  const [whole, nulls] = wholeTable(nullable)
  assert.ok(whole && nulls)
  assert.equal(rangeCondition(nullable, whole), '`a` IS NOT NULL')
  assert.equal(rangeCondition(nullable, nulls), '`a` IS NULL')
  assert.equal(rangeCondition(nullable, { ...all, below: tuple(5) }), '`a` < 5')
  assert.deepEqual(wholeTable(key([number('a')])), [all])
})

test('the statement that reads a range is forced to use the key, once', () => {
  const id = key([number('id')])
  const range = { ...all, from: tuple(1) }
  assert.equal(
    rangeSelect('SELECT `id` FROM `s`.`t` FORCE INDEX (PRIMARY)', id, range),
    'SELECT `id` FROM `s`.`t` FORCE INDEX (PRIMARY) WHERE `id` >= 1',
  )
  assert.equal(
    rangeSelect('SELECT `id` FROM `s`.`t`', { ...id, index: 'a`b' }, range),
    'SELECT `id` FROM `s`.`t` FORCE INDEX (`a``b`) WHERE `id` >= 1',
  )
  assert.equal(rangeSelect('SELECT `id` FROM `s`.`t`', id, all), 'SELECT `id` FROM `s`.`t`')
})

test('text is compared as its bytes in the character set and collation of the column', () => {
  const column: KeyColumn = { name: 'k', kind: 'text', charset: 'sjis', collation: 'sjis_bin' }
  const from = [{ sql: "_sjis X'835C' COLLATE sjis_bin", text: 'ソ' }]
  const below = [valueOf(column, 'é')]
  assert.equal(
    rangeCondition(key([column]), { from, below }),
    "`k` >= _sjis X'835C' COLLATE sjis_bin AND `k` < CONVERT(_utf8mb4 X'c3a9' USING sjis) COLLATE sjis_bin",
  )
  assert.equal(rangeText(key([column]), { from, below }), 'k from "ソ" to below "é"')
})

test('ranges are told in words', () => {
  const id = key([number('id'), number('n')])
  assert.equal(rangeText(id, { from: tuple(1001), below: tuple(2001) }), 'id from 1001 to below 2001')
  assert.equal(rangeText(id, { ...all, below: tuple(5, 6) }), '(id, n) below (5, 6)')
  assert.equal(rangeText(id, { ...all, from: tuple(7) }), 'id from 7')
  assert.equal(rangeText(id, all), 'all rows')
  assert.equal(rangeText(key([number('a')], true), { ...all, isNull: true }), 'a is NULL')
  const binary: KeyColumn = { name: 'b', kind: 'binary', charset: '', collation: '' }
  assert.equal(
    rangeText(key([binary]), { ...all, from: [valueOf(binary, 'FF'.repeat(40))] }),
    `b from 0x${'FF'.repeat(20)}…`,
  )
})
