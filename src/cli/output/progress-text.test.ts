import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressText } from './progress-text.ts'

const clock = { startedMs: 0, startedDone: 0 }
const GiB = 1024 ** 3

test('progress tells how much of how much, how fast, and how long still', () => {
  assert.equal(
    progressText(
      {
        type: 'progress',
        phase: 'reading tables',
        done: 42 * GiB,
        total: 98 * GiB,
        isEstimate: true,
        unit: 'bytes',
      },
      clock,
      100_000,
    ),
    'reading tables: 42.0 GiB of ~98.0 GiB (42 %), 430 MiB/s, 2 min 13 s left',
  )
})

test('where rows are told beside bytes, their speed is too', () => {
  const event = {
    type: 'progress',
    phase: 'reading tables',
    done: GiB,
    rows: 5_000_000,
    unit: 'bytes',
  } as const
  assert.equal(
    progressText(event, { startedMs: 0, startedDone: 0, startedRows: 1_000_000 }, 4000),
    'reading tables: 1.0 GiB, 256 MiB/s, 1,000,000 rows/s',
  )
})

test('progress without a total tells what is done', () => {
  assert.equal(
    progressText(
      { type: 'progress', phase: 'replaying', done: 1200, unit: 'transactions', detail: 'b.7' },
      clock,
      500,
    ),
    'replaying: 1,200 transactions (b.7)',
  )
})

test('an estimate that is passed stays at 100 % and promises nothing', () => {
  assert.equal(
    progressText(
      { type: 'progress', phase: 'reading', done: 30, total: 20, isEstimate: true, unit: 'rows' },
      clock,
      10_000,
    ),
    'reading: 30 of ~20 rows (100 %), 3 rows/s',
  )
})

test('the speed of a resumed phase counts only what was done since', () => {
  assert.equal(
    progressText(
      { type: 'progress', phase: 'reading', done: 1100, unit: 'rows' },
      { startedMs: 0, startedDone: 1000 },
      10_000,
    ),
    'reading: 1,100 rows, 10 rows/s',
  )
})
