import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProgressEvent } from '../../core/events.ts'
import { Pace } from './pace.ts'
import { doneText, percentDone, progressLines, progressText } from './progress-text.ts'

const GiB = 1024 ** 3

/** From nothing to the event in so many seconds. */
function after(seconds: number, event: Omit<ProgressEvent, 'type'>): Pace {
  const { rows, ...rest } = event
  const start = { type: 'progress', ...rest, done: 0, ...(rows === undefined ? {} : { rows: 0 }) } as const
  const pace = new Pace(start, 0)
  pace.note({ type: 'progress', ...event }, seconds * 1000)
  return pace
}

test('progress tells how much of how much, how fast in bytes and rows, and how long still', () => {
  const pace = after(20, {
    phase: 'reading tables',
    done: 42 * GiB,
    total: 98 * GiB,
    isEstimate: true,
    rows: 24_000_000,
    unit: 'bytes',
    detail: 'shop.orders',
  })
  assert.equal(
    progressText(pace, 20_000),
    'reading tables: 42.0 GiB of about 98.0 GiB (42 %), 2.1 GiB/s, 1,200,000 rows/s, about 27 s left (shop.orders)',
  )
})

test('where the end is not known the total is a lower bound, without a percentage', () => {
  const pace = after(10, {
    phase: 'reading tables',
    done: 10 * GiB,
    total: 12 * GiB,
    isEstimate: true,
    isAtLeast: true,
    unit: 'bytes',
  })
  assert.equal(
    progressText(pace, 10_000),
    'reading tables: 10.0 GiB of at least 12.0 GiB, 1.0 GiB/s, at least 2.0 s left',
  )
})

test('what follows is told, and makes what is left a lower bound', () => {
  const pace = after(10, {
    phase: 'loading rows',
    done: GiB,
    total: 2 * GiB,
    followedBy: 'indexes of 3 tables',
    unit: 'bytes',
  })
  assert.equal(
    progressText(pace, 10_000),
    'loading rows: 1.0 GiB of 2.0 GiB (50 %), 102 MiB/s, at least 10 s left, then indexes of 3 tables',
  )
})

test('where a line is too short for it all, what is left has its own', () => {
  const pace = after(10, {
    phase: 'reading tables',
    done: 10 * GiB,
    total: 20 * GiB,
    isEstimate: true,
    unit: 'bytes',
    detail: 'shop.orders',
  })
  assert.deepEqual(progressLines(pace, 10_000, 60), [
    'reading tables: 10.0 GiB of about 20.0 GiB (50 %), 1.0 GiB/s',
    '  about 10 s left (shop.orders)',
  ])
  assert.deepEqual(progressLines(pace, 10_000, 120), [progressText(pace, 10_000)])
})

test('progress without a total tells what is done', () => {
  const pace = after(0.5, { phase: 'replaying', done: 1200, unit: 'transactions', detail: 'b.7' })
  assert.equal(progressText(pace, 500), 'replaying: 1,200 transactions (b.7)')
})

test('one is not many', () => {
  const pace = after(2, { phase: 'replaying', done: 1, total: 1, unit: 'transactions' })
  assert.equal(doneText(pace, 2000), '1 transaction, 1 transaction/s')
})

test('an estimate never comes to 100 %, and what is known does at its very end', () => {
  const event = { type: 'progress', phase: 'p', unit: 'bytes', total: 1000 } as const
  assert.equal(percentDone({ ...event, done: 1000, isEstimate: true }), 99)
  assert.equal(percentDone({ ...event, done: 3000, isEstimate: true }), 99)
  assert.equal(percentDone({ ...event, done: 999 }), 99)
  assert.equal(percentDone({ ...event, done: 1000, followedBy: 'the last commits' }), 99)
  assert.equal(percentDone({ ...event, done: 1000 }), 100)
  assert.equal(percentDone({ ...event, done: 500, isEstimate: true, isAtLeast: true }), undefined)
})

test('a phase that is over tells what it did and how fast it was on the whole', () => {
  const read = { phase: 'reading tables', done: 100 * GiB, rows: 1_000_000, unit: 'bytes' } as const
  const pace = after(100, { ...read, total: 100 * GiB })
  assert.equal(doneText(pace, 100_000), '100 GiB, 1,000,000 rows, 1.0 GiB/s, 10,000 rows/s')
  for (const unfinished of [{}, { total: 101 * GiB }, { total: 100 * GiB, isEstimate: true }]) {
    assert.equal(doneText(after(100, { ...read, ...unfinished }), 100_000), undefined)
  }
})
