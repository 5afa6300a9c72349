import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TableContent } from './content.ts'
import type { DeferredTable } from './deferred-indexes/plan-deferral.ts'
import { describeLoad } from './explain-load.ts'
import type { TableLoad } from './table-loads.ts'

function load(name: string, rows: number): TableLoad {
  const table: TableContent = {
    name,
    ddl: '',
    engine: 'InnoDB',
    isTransactional: true,
    columns: [],
    rows,
    hasHistory: false,
    isInsertOnly: false,
    triggers: [],
  }
  const batch = { start: { chunk: 0, offset: 0, rows: 0 }, chunks: [], rows }
  return { schema: 's', table, bytes: rows, batches: rows === 0 ? [] : [batch], loaded: [] }
}

function deferred({ schema, table }: TableLoad, indexes: number, foreignKeys: number): DeferredTable {
  const clauses = Array.from({ length: indexes }, (_, at) => `KEY \`k${at}\` (\`a\`)`)
  return {
    schema,
    table,
    create: '',
    indexes: indexes === 0 ? [] : [clauses],
    foreignKeys: Array.from({ length: foreignKeys }, () => ''),
  }
}

test('a dry run says over how many sessions rows go, and which tables get their indexes later', () => {
  const loads = [load('a', 2), load('b', 1), load('empty', 0)]
  const [a, b] = loads
  assert.ok(a !== undefined && b !== undefined)
  assert.deepEqual(describeLoad(loads, new Map(), 4), [
    'Load the rows of 2 tables over 4 sessions, those of the largest first',
  ])
  const deferral = new Map([
    [a.table, deferred(a, 2, 0)],
    [b.table, deferred(b, 0, 1)],
  ])
  assert.deepEqual(describeLoad(loads, deferral, 1), [
    'Load the rows of 2 tables over 1 session, those of the largest first',
    'Add 2 indexes of s.a when the rows of the table are in, which is faster, and 1 foreign key at the end',
  ])
})

test('of many tables a dry run names the largest', () => {
  const loads = ['a', 'b', 'c', 'd', 'e'].map((name) => load(name, 1))
  const deferral = new Map(loads.map((one) => [one.table, deferred(one, 1, 0)]))
  assert.match(
    describeLoad(loads, deferral, 2)[1] ?? '',
    /^Add 5 indexes of s\.a, s\.b, s\.c and 2 more when/,
  )
})

test('a backup without rows has nothing to explain', () => {
  assert.deepEqual(describeLoad([load('empty', 0)], new Map(), 2), [])
})
