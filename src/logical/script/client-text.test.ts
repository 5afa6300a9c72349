import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeText } from './client-text.ts'

const create = (statement: string | Buffer, charset = 'utf8mb4') =>
  codeText({
    kind: 'create',
    object: 'view shop.v',
    settings: 'SET x',
    bytes: Buffer.from(statement),
    charset,
  }).toString('latin1')

test('code stands between delimiters that it does not contain', () => {
  assert.equal(create('BEGIN; END'), 'SET x;\nDELIMITER ;;\nBEGIN; END;;\nDELIMITER ;\n')
  assert.match(create("BEGIN SELECT ';;'; END"), /^DELIMITER \$\$$/m)
  assert.match(create("BEGIN SELECT ';;$$//'; END"), /^DELIMITER ;;3$/m)
})

test('a delimiter never begins with the character that the code ends with', () => {
  assert.match(create('BEGIN END;'), /^DELIMITER \$\$$/m)
})

test('a comment at the end of code does not take the delimiter in', () => {
  assert.match(create('SELECT 1 -- the end'), /-- the end\n;;\n/)
  assert.match(create('SELECT 1 # the end'), /# the end\n;;\n/)
  assert.match(create('SELECT 1 -- not\nEND'), /END;;\n/)
})

test('the client is told of a character set in which a byte of a character may be a backslash', () => {
  const so = Buffer.from([0x83, 0x5c])
  assert.match(create(so, 'sjis'), /^\\C sjis\nSET x;\n[^]*\\C utf8mb4\n$/)
  assert.doesNotMatch(create(so, 'latin1'), /\\C/)
  assert.doesNotMatch(create('SELECT 1', 'sjis'), /\\C/)
})
