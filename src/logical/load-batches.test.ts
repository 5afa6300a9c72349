// Which chunks go into one statement.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { loadBatches } from './load-batches.ts'

function chunk(plainBytes: number, rows: number) {
  return { id: `${plainBytes}/${rows}`, plainBytes, rows, rowHash: '' }
}

test('trap 19: a statement takes a bounded number of bytes', () => {
  const batches = loadBatches([chunk(4, 1), chunk(4, 1), chunk(4, 1), chunk(9, 2), chunk(1, 1)], [], 10)
  assert.deepEqual(
    batches.map(({ chunks, rows }) => [chunks.length, rows]),
    [
      [2, 2],
      [1, 1],
      [2, 3],
    ],
  )
})

test('the pieces of a row that spans chunks stay in one statement, however long it is', () => {
  const batches = loadBatches([chunk(8, 3), chunk(8, 0), chunk(8, 0), chunk(3, 1), chunk(8, 2)], [], 10)
  assert.deepEqual(
    batches.map(({ chunks }) => chunks.map(({ plainBytes }) => plainBytes)),
    [[8], [8, 8, 3], [8]],
  )
})

test('every chunk is in exactly one batch, in order, and each batch begins at a row', () => {
  const chunks = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(chunks, (sizes) => {
      const all = sizes.map(([bytes, rows]) => chunk(bytes, rows))
      const batches = loadBatches(all, [], 40)
      assert.deepEqual(
        batches.flatMap((batch) => batch.chunks),
        all,
      )
      for (const batch of batches.slice(0, -1)) assert.ok((batch.chunks.at(-1)?.rows ?? 0) > 0)
      assert.ok(
        batches.every((batch) => batch.rows === batch.chunks.reduce((sum, { rows }) => sum + rows, 0)),
      )
    }),
  )
})
