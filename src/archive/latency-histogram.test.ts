import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { LatencyHistogram } from './latency-histogram.ts'

test('nothing measured has no summary', () => {
  assert.equal(new LatencyHistogram().summary(), undefined)
})

test('quantiles are never below the truth and at most a thirty-second above it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 36 - 1 }), { minLength: 1, maxLength: 300 }),
      (micros) => {
        const histogram = new LatencyHistogram()
        for (const each of micros) histogram.record(each / 1000)
        const found = histogram.summary()
        const sorted = micros.toSorted((a, b) => a - b)
        assert.equal(found?.count, micros.length)
        assert.equal(Math.round(found.maxMs * 1000), sorted.at(-1))
        for (const [share, ms] of [
          [0.5, found.p50Ms],
          [0.99, found.p99Ms],
        ] as const) {
          const truth = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
          const told = Math.round(ms * 1000)
          assert.ok(told >= truth && told <= truth * (1 + 1 / 32) + 1, `${told} for ${truth}`)
        }
      },
    ),
  )
})

test('a time beyond all bounds counts as the longest', () => {
  const histogram = new LatencyHistogram()
  histogram.record(Number.MAX_SAFE_INTEGER)
  histogram.record(-1)
  assert.deepEqual(histogram.summary(), {
    count: 2,
    p50Ms: 0,
    p99Ms: (2 ** 36 - 1) / 1000,
    maxMs: (2 ** 36 - 1) / 1000,
  })
})
