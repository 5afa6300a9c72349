import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadEstimate } from './read-estimate.ts'

const MiB = 1024 ** 2
const table = (object: string, estimatedBytes: number, estimatedRows: number) => ({
  object,
  estimatedBytes,
  estimatedRows,
})

/** Reads a whole table in chunks of 1 MiB, and hands out what is expected after each of them. */
function* reading(
  estimate: ReadEstimate,
  of: ReturnType<typeof table>,
  { bytes, rows }: { readonly bytes: number; readonly rows: number },
) {
  estimate.enter(of)
  const chunks = bytes / MiB
  for (let chunk = 0; chunk < chunks; chunk++) {
    estimate.add(of, MiB, rows / chunks)
    yield { done: (chunk + 1) * MiB, ...estimate.expected() }
  }
  estimate.exhaust(of)
  estimate.leave(of)
}

test('the guess of the server is the total until rows tell more', () => {
  const estimate = new ReadEstimate([table('a', 100 * MiB, 1000), table('b', 50 * MiB, 1000)])
  assert.deepEqual(estimate.expected(), { total: 150 * MiB, isEstimate: true })
})

test('the length of rows corrects the total of their table and, by as much, of those that are still to come', () => {
  const [large, small] = [table('a', 800 * MiB, 1_000_000), table('b', 200 * MiB, 10)]
  const estimate = new ReadEstimate([large, small])
  const [first] = reading(estimate, large, { bytes: 400 * MiB, rows: 1_000_000 })
  assert.ok(Math.abs((first?.total ?? 0) / MiB - 500) < 5, `${first?.total}`)
})

test('the total is never below what is done, and never certain before the last table is at its end', () => {
  for (const guessedRows of [0, 500_000, 1_000_000, 2_000_000]) {
    const of = table('a', 100 * MiB, guessedRows)
    const estimate = new ReadEstimate([of, table('b', 0, 0)])
    for (const { done, total, isEstimate } of reading(estimate, of, { bytes: 100 * MiB, rows: 1_000_000 })) {
      assert.ok(total !== undefined && total >= done, `${total} at ${done}`)
      assert.equal(isEstimate, true)
    }
    assert.deepEqual(estimate.expected().isEstimate, true)
  }
})

test('beyond the guessed rows of a table the total is a lower bound, until the table is at its end', () => {
  const [large, other] = [table('a', 100 * MiB, 500_000), table('b', 100 * MiB, 10)]
  const estimate = new ReadEstimate([large, other])
  const told = [...reading(estimate, large, { bytes: 100 * MiB, rows: 1_000_000 })]
  assert.equal(told[48]?.isAtLeast, undefined)
  assert.equal(told[50]?.isAtLeast, true)
  assert.equal(told.at(-1)?.isAtLeast, true)
  assert.deepEqual(estimate.expected(), { total: 200 * MiB, isEstimate: true })
})

test('a small table beyond its guess leaves the total what it is', () => {
  const [small, large] = [table('a', MiB, 1), table('b', 1000 * MiB, 10)]
  const estimate = new ReadEstimate([small, large])
  const [first] = reading(estimate, small, { bytes: MiB, rows: 1000 })
  assert.equal(first?.isAtLeast, undefined)
})

test('a table is at its end when its last slice is given out and every slice is read, in either order', () => {
  for (const steps of ['exhaust first', 'leave first'] as const) {
    const of = table('a', 10 * MiB, 1000)
    const estimate = new ReadEstimate([of])
    estimate.enter(of)
    estimate.enter(of)
    estimate.add(of, 4 * MiB, 500)
    estimate.leave(of)
    assert.equal(estimate.expected().isEstimate, true)
    if (steps === 'exhaust first') estimate.exhaust(of)
    else estimate.leave(of)
    assert.equal(estimate.expected().isEstimate, true, steps)
    if (steps === 'exhaust first') estimate.leave(of)
    else estimate.exhaust(of)
    assert.deepEqual(estimate.expected(), { total: 4 * MiB }, steps)
  }
})
