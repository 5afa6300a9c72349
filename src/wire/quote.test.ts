import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quoteBytes, quoteIdentifier, quoteQualified, quoteString } from './quote.ts'

test('a backtick in a name is doubled, and nothing else is special', () => {
  assert.equal(quoteIdentifier('order'), '`order`')
  assert.equal(quoteIdentifier('a`b'), '`a``b`')
  assert.equal(quoteIdentifier('`; DROP TABLE t; -- '), '```; DROP TABLE t; -- `')
  assert.equal(quoteIdentifier('a"b\'c\\d.e é😀'), '`a"b\'c\\d.e é😀`')
  assert.equal(quoteQualified('s`1', 't.2'), '`s``1`.`t.2`')
})

test('a name that no server could have is refused', () => {
  assert.throws(() => quoteIdentifier('a\0b'), /not a name/)
  assert.throws(() => quoteIdentifier('\ud800'), /not a name/)
})

test('a quote in a text is doubled', () => {
  assert.equal(quoteString(''), "''")
  assert.equal(quoteString('it\'s "so"'), "'it''s \"so\"'")
  assert.equal(quoteString('line\nbreak\t%_'), "'line\nbreak\t%_'")
})

test('a text with a backslash or NUL is written in hex, so that no sql_mode can read it otherwise', () => {
  assert.equal(quoteString("\\'"), "_utf8mb4 x'5c27'")
  assert.equal(quoteString('é\0'), "_utf8mb4 x'c3a900'")
})

test('a text that has no UTF-8 is refused rather than changed', () => {
  assert.throws(() => quoteString('a\udc00'), /lone surrogate/)
})

test('bytes are written in hex whatever they are', () => {
  assert.equal(quoteBytes(Buffer.alloc(0)), "_binary x''")
  assert.equal(quoteBytes(Buffer.from("'\\\0\xff", 'latin1')), "_binary x'275c00ff'")
  assert.equal(quoteBytes(Buffer.from('abcdef').subarray(2, 4)), "_binary x'6364'")
})
