import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import { parseSchemas, parseSelection } from './parse-selection.ts'

test('schemas and tables are chosen by their names, quoted where they have to be', () => {
  assert.deepEqual(parseSelection({}), { kind: 'everything' })
  assert.deepEqual(parseSelection({ schemas: ['a', '`b,c`'] }), { kind: 'schemas', schemas: ['a', 'b,c'] })
  assert.deepEqual(parseSelection({ tables: ['`a.b`.`c,d`'] }), {
    kind: 'tables',
    tables: [{ schema: 'a.b', name: 'c,d' }],
  })
  assert.equal(parseSchemas(undefined), undefined)
  assert.deepEqual(parseSelection({ schemas: ['a'], exclude: ['a.t', '`b.c`'] }), {
    kind: 'schemas',
    schemas: ['a'],
    exclude: { schemas: ['b.c'], tables: [{ schema: 'a', name: 't' }] },
  })
})

test('choosing nothing is refused, and so is choosing twice', () => {
  const calls = [
    () => parseSelection({ schemas: [] }),
    () => parseSelection({ tables: [] }),
    () => parseSelection({ exclude: [] }),
    () => parseSchemas([]),
    () => parseSelection({ schemas: ['a'], tables: ['a.b'] }),
    () => parseSelection({ tables: ['a.b'], exclude: ['a'] }),
    () => parseSelection({ tables: ['alone'] }),
  ]
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof HoldfastError && error.code === 'USAGE')
  }
})
