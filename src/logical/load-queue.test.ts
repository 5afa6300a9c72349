import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TableContent } from './content.ts'
import type { Deferral, DeferredTable } from './deferred-indexes/plan-deferral.ts'
import { type LoadJob, LoadQueue, type LoadSessions } from './load-queue.ts'
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
  const batch = {
    start: { chunk: 0, offset: 0, rows: 0 },
    chunks: [{ id: '', plainBytes: 1, rows: 1, rowHash: '' }],
    rows: 1,
  }
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

const [shared, exclusive] = [
  { count: 2, isExclusive: () => false },
  { count: 2, isExclusive: () => true },
]

/** The tables whose rows or indexes the sessions get, each as soon as it is done with the one before; rows of all batches take the same time. */
function turns(loads: readonly TableLoad[], deferral: Deferral, sessions: LoadSessions): string[][] {
  const queue = new LoadQueue(loads, deferral, sessions)
  const doing: (LoadJob | undefined)[] = Array.from({ length: sessions.count }, () => undefined)
  const idle = new Set<number>()
  const done: string[][] = []
  while (idle.size < sessions.count) {
    const turn: string[] = []
    for (let session = 0; session < sessions.count; session += 1) {
      const last = doing[session]
      if (last !== undefined) queue.done(last)
      const job = idle.has(session) ? undefined : queue.next(last)
      doing[session] = job
      if (job === undefined) idle.add(session)
      turn.push(
        job === undefined ? '-' : job.kind === 'rows' ? job.table.name : `indexes of ${job.of.table.name}`,
      )
    }
    if (turn.some((one) => one !== '-')) done.push(turn)
  }
  return done
}

test('each session has a table of its own, the largest first, and adds its indexes when its rows are in', () => {
  const [big, middle, small] = [load('big', 3), load('middle', 2), load('small', 1)]
  const deferral = new Map([[middle.table, deferred(middle, ['KEY `k`'])]])
  assert.deepEqual(turns([big, middle, small], deferral, shared), [
    ['big', 'middle'],
    ['big', 'middle'],
    ['big', 'indexes of middle'],
    ['small', '-'],
  ])
})

test('a table that would be last is not left for the end', () => {
  const loads = ['a', 'b', 'c'].map((name) => load(name, 4))
  const done = turns(loads, new Map(), exclusive)
  assert.equal(done.length, 6, JSON.stringify(done))
  assert.ok(done.every(([one, two]) => one !== '-' && two !== '-' && one !== two))
})

test('sessions share a table only at the end, and not one that they would wait for', () => {
  const loads = [load('big', 4), load('small', 1)]
  assert.deepEqual(turns(loads, new Map(), shared), [
    ['big', 'small'],
    ['big', 'big'],
    ['big', '-'],
  ])
  assert.deepEqual(turns(loads, new Map(), exclusive), [
    ['big', 'small'],
    ['big', '-'],
    ['big', '-'],
    ['big', '-'],
  ])
})

test('indexes wait for rows that another session is still loading', () => {
  const big = load('big', 2)
  const queue = new LoadQueue([big], new Map([[big.table, deferred(big, ['KEY `k`'])]]), shared)
  const [one, two] = [queue.next(), queue.next()]
  assert.ok(one !== undefined && two !== undefined)
  queue.done(two)
  assert.equal(queue.next(two), undefined)
  queue.done(one)
  const three = queue.next(one)
  assert.equal(three?.kind === 'indexes' && three.of.table.name, 'big')
})

test('a table that only waits for foreign keys has no job of its own', () => {
  const big = load('big', 1)
  const deferral = new Map([[big.table, deferred(big, [])]])
  assert.deepEqual(turns([big], deferral, { ...shared, count: 1 }), [['big']])
})

test('indexes of rows that an earlier run has brought are added', () => {
  const big = load('big', 0)
  const deferral = new Map([[big.table, deferred(big, ['KEY `k`'])]])
  assert.deepEqual(turns([big], deferral, shared), [['indexes of big', '-']])
})
