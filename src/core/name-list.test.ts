import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { HoldfastError } from './errors.ts'
import {
  formatTableName,
  parseColumnName,
  parseName,
  parsePartName,
  parseTableName,
  splitList,
  splitRule,
} from './name-list.ts'

function refuses(act: () => unknown): void {
  assert.throws(act, (error) => error instanceof HoldfastError && error.code === 'USAGE')
}

test('a list is cut at its commas, but not within backticks', () => {
  assert.deepEqual(splitList(' a, b ,,c'), ['a', 'b', 'c'])
  assert.deepEqual(splitList('`a,b`.`c`,d'), ['`a,b`.`c`', 'd'])
  assert.deepEqual(splitList('`a``,b`,` c `'), ['`a``,b`', '` c `'])
  assert.deepEqual(splitList(' , '), [])
})

test('a backtick that is not closed is refused', () => {
  for (const text of ['`', 'a,`b', '`a``', '`a`,b`']) refuses(() => splitList(text))
})

test('a name is what stands there, or between its backticks', () => {
  assert.equal(parseName('shop'), 'shop')
  assert.equal(parseName('a.b'), 'a.b')
  assert.equal(parseName('`a,b`'), 'a,b')
  assert.equal(parseName('` a``.`'), ' a`.')
  for (const text of ['', '``', '`a', '`a`b', 'a`b', '`a`b`']) refuses(() => parseName(text))
})

test('a table is named with its schema, and a second dot is for backticks', () => {
  assert.deepEqual(parseTableName('a.b'), { schema: 'a', name: 'b' })
  assert.deepEqual(parseTableName('`a.b`.`c,d`'), { schema: 'a.b', name: 'c,d' })
  assert.deepEqual(parseTableName('a . `b`'), { schema: 'a', name: 'b' })
  for (const text of ['a', 'a.', '.b', 'a.b.c', '`a.b`', 'a.`b`c', '', '.'])
    refuses(() => parseTableName(text))
})

test('every name that a server can have is read as it is written', () => {
  const name = fc.string({
    minLength: 1,
    unit: fc.constantFrom('a', '`', '.', ',', ' ', "'", '\\', '\n', 'é'),
  })
  fc.assert(
    fc.property(
      fc.array(fc.record({ schema: name, name }, { noNullPrototype: true }), { maxLength: 4 }),
      (tables) => {
        assert.deepEqual(splitList(tables.map(formatTableName).join(',')).map(parseTableName), tables)
      },
    ),
  )
})

test('names are quoted only where they have to be', () => {
  assert.equal(formatTableName({ schema: 'shop', name: 'größe$1' }), 'shop.größe$1')
  assert.equal(formatTableName({ schema: 'a.b', name: 'c`d' }), '`a.b`.`c``d`')
})

test('a part is a schema or a table, and a rule follows the first colon outside of backticks', () => {
  assert.deepEqual(parsePartName('a'), { schema: 'a' })
  assert.deepEqual(parsePartName('`a.b`.c'), { schema: 'a.b', name: 'c' })
  assert.deepEqual(parseColumnName('a.`b.c`.d'), { schema: 'a', table: 'b.c', column: 'd' })
  for (const text of ['a.b', 'a.b.c.d', 'a.b.']) refuses(() => parseColumnName(text))
  assert.deepEqual(splitRule("`a:b`.c: d = ':' "), { name: '`a:b`.c', rule: "d = ':'" })
  for (const text of ['a.b', ':a', 'a:', '`a:b`']) refuses(() => splitRule(text))
})
