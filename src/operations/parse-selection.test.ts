import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import { parseSchemas, parseSelection } from './parse-selection.ts'

test('schemas and tables are chosen by their names, quoted where they have to be', () => {
  assert.deepEqual(parseSelection(undefined, undefined), { kind: 'everything' })
  assert.deepEqual(parseSelection(['a', '`b,c`'], undefined), { kind: 'schemas', schemas: ['a', 'b,c'] })
  assert.deepEqual(parseSelection(undefined, ['`a.b`.`c,d`']), {
    kind: 'tables',
    tables: [{ schema: 'a.b', name: 'c,d' }],
  })
  assert.equal(parseSchemas(undefined), undefined)
})

test('choosing nothing is refused, and so is choosing twice', () => {
  const calls = [
    () => parseSelection([], undefined),
    () => parseSelection(undefined, []),
    () => parseSchemas([]),
    () => parseSelection(['a'], ['a.b']),
    () => parseSelection(undefined, ['alone']),
  ]
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof HoldfastError && error.code === 'USAGE')
  }
})
