import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from './compare-servers.ts'

const state = {
  tables: [
    { table: 'a', isSequence: false, rows: 1, sum: '7' },
    { table: 'b', isSequence: false, rows: 0, sum: '0' },
  ],
  objects: new Map([['view v', 'SELECT 1']]),
}

test('equal states have no difference', () => {
  assert.deepEqual(differences(state, structuredClone(state)), [])
})

test('a missing table, a changed sum, an added table and a changed view are each named', () => {
  const other = {
    tables: [
      { table: 'a', isSequence: false, rows: 1, sum: '8' },
      { table: 'c', isSequence: false, rows: 0, sum: '0' },
    ],
    objects: new Map([['view v', 'SELECT 2']]),
  }
  assert.deepEqual(differences(state, other), [
    { what: 'table a', was: '1 rows, sum 7', is: '1 rows, sum 8' },
    { what: 'table b', was: '0 rows, sum 0', is: 'not there' },
    { what: 'table c', was: 'not there', is: '0 rows, sum 0' },
    { what: 'view v', was: 'SELECT 1', is: 'SELECT 2' },
  ])
})
