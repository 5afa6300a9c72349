import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProgressEvent } from '../core/events.ts'
import { LoadProgress } from './load-progress.ts'

function watched(options: { totalBytes: number; bytesBefore?: number; indexedTables?: number }) {
  const told: ProgressEvent[] = []
  const progress = new LoadProgress({
    emit: (event) => void (event.type === 'progress' && told.push(event)),
    bytesBefore: 0,
    indexedTables: 0,
    ...options,
  })
  return { told, progress, last: () => told.at(-1) }
}

test('rows are told with their bytes, and what an earlier run has brought counts as done', () => {
  const { told, progress } = watched({ totalBytes: 100, bytesBefore: 40 })
  progress.session().came(6, 60, 's.t')
  const event = { type: 'progress', phase: 'loading rows', total: 100, unit: 'bytes' }
  assert.deepEqual(told, [
    { ...event, done: 40, rows: 0 },
    { ...event, done: 100, rows: 6, detail: 's.t' },
  ])
})

test('indexes that are still to come are told beside rows, and are what is done when the rows are in', () => {
  const { progress, last } = watched({ totalBytes: 100, indexedTables: 2 })
  assert.equal(last()?.followedBy, 'indexes of 2 tables')
  const session = progress.session()
  session.came(6, 60, 's.big')
  progress.indexesBegin('s.big')
  progress.indexesCame('s.big')
  assert.equal(last()?.followedBy, 'indexes of 1 table')
  assert.equal(last()?.phase, 'loading rows')
  session.came(6, 40, 's.small')
  assert.deepEqual(last(), { type: 'progress', phase: 'adding indexes', done: 1, total: 2, unit: 'tables' })
  progress.indexesBegin('s.small')
  progress.indexesCame('s.small')
  assert.equal(last()?.done, 2)
})

test('where no indexes are left out, rows are all there is', () => {
  const { progress, last } = watched({ totalBytes: 10 })
  progress.session().came(1, 10, 's.t')
  assert.equal(last()?.phase, 'loading rows')
  assert.equal(last()?.followedBy, undefined)
})

test('what is on its way counts, is taken back where it has to be sent again, and is not done before it is committed', () => {
  const { progress, last } = watched({ totalBytes: 100 })
  const [one, other] = [progress.session(), progress.session()]
  one.sent(3, 30, 's.t')
  other.sent(2, 20, 's.t')
  assert.deepEqual([last()?.done, last()?.rows], [50, 5])
  one.sent(1, 10, 's.t')
  assert.deepEqual([last()?.done, last()?.rows], [30, 3])
  one.came(8, 80, 's.t')
  assert.deepEqual([last()?.done, last()?.rows, last()?.followedBy], [100, 10, 'the last commits'])
  other.came(2, 20, 's.t')
  assert.deepEqual([last()?.done, last()?.followedBy], [100, undefined])
})
