import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProgressEvent } from '../../core/events.ts'
import { Pace } from './pace.ts'

const event = (done: number, more: Partial<ProgressEvent> = {}): ProgressEvent => ({
  type: 'progress',
  phase: 'reading',
  done,
  unit: 'bytes',
  ...more,
})

test('the speed is that of the last half minute, so what is left follows a change', () => {
  const pace = new Pace(event(0, { total: 100_000 }), 0)
  for (let second = 1; second <= 60; second++) {
    // Fast for half a minute, then a tenth of it.
    const done = second <= 30 ? second * 1000 : 30_000 + (second - 30) * 100
    pace.note(event(done, { total: 100_000 }), second * 1000)
  }
  const { perSecond, leftMs } = pace.rates(60_000)
  assert.equal(perSecond, 100)
  assert.equal(leftMs, 670_000)
})

test('a phase that stands still promises nothing', () => {
  const pace = new Pace(event(0, { total: 100 }), 0)
  pace.note(event(50, { total: 100 }), 2000)
  assert.equal(pace.rates(10_000).perSecond, 5)
  assert.deepEqual(pace.rates(40_000), {})
})

test('what an earlier run has done does not count for the speed', () => {
  const pace = new Pace(event(1000, { rows: 10 }), 0)
  pace.note(event(1100, { rows: 20 }), 10_000)
  assert.deepEqual(pace.rates(10_000), { perSecond: 10, rowsPerSecond: 1 })
})

test('what is left is told from the third second on, and stays the same for a second', () => {
  const pace = new Pace(event(0, { total: 100 }), 0)
  pace.note(event(10, { total: 100 }), 1000)
  assert.equal(pace.rates(2500).leftMs, undefined)
  const told = pace.rates(3600)
  assert.ok(told.leftMs !== undefined)
  pace.note(event(90, { total: 100 }), 3700)
  assert.equal(pace.rates(4500), told)
  assert.notEqual(pace.rates(4700).leftMs, told.leftMs)
})

test('where the end is not known, or more follows, what is left is a lower bound', () => {
  for (const more of [{ isEstimate: true, isAtLeast: true }, { followedBy: 'indexes of 1 table' }]) {
    const pace = new Pace(event(0, { total: 100 }), 0)
    pace.note(event(50, { total: 100, ...more }), 5000)
    assert.deepEqual(pace.rates(5000), { perSecond: 10, leftMs: 5000, isLeftAtLeast: true })
  }
})
