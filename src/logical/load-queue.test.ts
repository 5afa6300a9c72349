import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TableContent } from './content.ts'
import type { DeferredTable } from './deferred-indexes/plan-deferral.ts'
import { LoadQueue } from './load-queue.ts'
import type { TableLoad } from './table-loads.ts'

function load(name: string, batches: number): TableLoad {
  const table: TableContent = {
    name,
    ddl: '',
    engine: 'InnoDB',
    isTransactional: true,
    columns: [],
    rows: batches,
    hasHistory: false,
    isInsertOnly: false,
    triggers: [],
  }
  const batch = { start: { chunk: 0, offset: 0, rows: 0 }, chunks: [], rows: 1 }
  return {
    schema: 's',
    table,
    bytes: batches,
    batches: Array.from({ length: batches }, () => batch),
    loaded: [],
  }
}

function deferred({ schema, table }: TableLoad, indexes: readonly string[]): DeferredTable {
  return {
    schema,
    table,
    create: '',
    indexes: [indexes].filter((group) => group.length > 0),
    foreignKeys: [],
  }
}

test('the indexes of a table are due when all its rows are in, and before rows of others', () => {
  const [big, small] = [load('big', 2), load('small', 2)]
  const queue = new LoadQueue([big, small], new Map([[big.table, deferred(big, ['KEY `k`'])]]))
  const [one, two] = [queue.next(), queue.next()]
  assert.ok(one !== undefined && two !== undefined)
  queue.done(two)
  const three = queue.next()
  assert.equal(three?.kind === 'rows' && three.table.name, 'small')
  queue.done(one)
  const four = queue.next()
  assert.equal(four?.kind === 'indexes' && four.of.table.name, 'big')
  assert.equal(queue.next()?.kind, 'rows')
  assert.equal(queue.next(), undefined)
})

test('a table that only waits for foreign keys has no job of its own', () => {
  const big = load('big', 1)
  const queue = new LoadQueue([big], new Map([[big.table, deferred(big, [])]]))
  const job = queue.next()
  assert.ok(job !== undefined)
  queue.done(job)
  assert.equal(queue.next(), undefined)
})
