import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { commitTimes, type ObservedTime } from './commit-times.ts'

const second = 1_000_000
const now = 1_800_000_000

/** Transactions with these headers, all arriving at once (catching up) or each as it is committed (live). */
function headers(seconds: readonly number[], arrival: 'now' | readonly number[]): ObservedTime[] {
  return seconds.map((headerSeconds, i) => ({
    commitMicros: undefined,
    headerSeconds,
    arrivalMillis: (arrival === 'now' ? now : (arrival[i] ?? now)) * 1000,
    notBeforeMicros: 0,
  }))
}

function times(seconds: readonly number[], arrival: 'now' | readonly number[], floor = 0): number[] {
  return commitTimes(headers(seconds, arrival), floor * second).map((micros) => micros / second)
}

describe('commit times from headers', () => {
  test('honest headers are taken as they are', () => {
    assert.deepEqual(times([10, 10, 11, 15], 'now'), [10, 10, 11, 15])
  })

  test('a forged future does not count while catching up, nor when live', () => {
    assert.deepEqual(times([10, 11, 999, 12, 13], 'now'), [10, 11, 11, 12, 13])
    assert.deepEqual(times([10, 11, now + 999, 12, 13], [10, 11, 12, 12, 13]), [10, 11, 11, 12, 13])
  })

  test('a forged past does not count', () => {
    assert.deepEqual(times([10, 11, 3, 12, 13], 'now'), [10, 11, 11, 12, 13])
    assert.deepEqual(times([3, 11], 'now', 10), [10, 11])
  })

  test('a forged future at the end is noticed when it lies behind its own arrival', () => {
    assert.deepEqual(times([10, 11, 99], [10, 11, 12]), [10, 11, 11])
  })

  test('several forged ones in a row do not count as long as the honest ones are more', () => {
    assert.deepEqual(times([10, 500, 500, 500, 11, 12, 13, 14], 'now'), [10, 10, 10, 10, 11, 12, 13, 14])
    assert.deepEqual(times([10, 1, 1, 1, 11, 12, 13, 14], 'now', 9), [10, 10, 10, 10, 11, 12, 13, 14])
  })

  test('the transaction before the segment bounds it from below', () => {
    assert.deepEqual(times([5, 20, 21], 'now', 20), [20, 20, 21])
  })

  test('when most headers contradict the transaction before, that one was forged', () => {
    assert.deepEqual(times([10, 11, 12, 13], 'now', 999), [10, 11, 12, 13])
  })

  test('a clock that is behind the source by less than two seconds makes no header a forgery', () => {
    assert.deepEqual(times([10, 11, 12], [9, 9.5, 10.5]), [10, 11, 12])
  })
})

test("MySQL's own commit times are taken whatever the header says, and never fall", () => {
  const observed = [5, 7, 6, 9].map((commit, i) => ({
    commitMicros: commit,
    headerSeconds: i === 1 ? 0xffff_ffff : 1,
    arrivalMillis: 0,
    notBeforeMicros: 0,
  }))
  assert.deepEqual(commitTimes(observed, 0), [5, 7, 7, 9])
  assert.deepEqual(commitTimes(observed, 6), [6, 7, 7, 9])
})

test('times never fall, and honest headers between fewer forged ones keep their own time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 20, maxLength: 60 }),
      // At least ten honest ones come behind: the last few of a segment are told apart by the next one's floor.
      fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
      fc.boolean(),
      (steps, forged, isFuture) => {
        let clock = 1000
        const honest = steps.map((step) => (clock += step))
        const seen = honest.map((value, i) => (forged.includes(i) ? (isFuture ? value + 50_000 : 1) : value))
        const result = times(seen, 'now', 1000)
        for (const [i, value] of result.entries()) {
          assert.ok(i === 0 || value >= (result[i - 1] ?? 0))
          if (!forged.includes(i)) assert.equal(value, honest[i])
        }
      },
    ),
  )
})

test('a statement that began before the source was heard to be idle was committed after that', () => {
  const long = {
    commitMicros: undefined,
    headerSeconds: 100,
    arrivalMillis: 112_000,
    notBeforeMicros: 108_000_000,
  }
  assert.deepEqual(commitTimes([long], 90_000_000), [108_000_000])
  assert.deepEqual(commitTimes([{ ...long, notBeforeMicros: 0 }], 90_000_000), [100_000_000])
})

test('the work grows with the number of transactions and hardly faster', () => {
  const [some, twice] = [readsOf(10_000), readsOf(20_000)]
  assert.ok(twice < 2.5 * some, `${some} reads of 10,000 transactions, ${twice} of 20,000`)
})

/** How often anything of the list is looked at. */
function readsOf(count: number): number {
  let reads = 0
  const list = headers(
    Array.from({ length: count }, (_, i) => (i % 7 === 0 ? i * 3 : i)),
    'now',
  )
  const observed = new Proxy(list, {
    get(target, key, receiver) {
      reads += 1
      return Reflect.get(target, key, receiver)
    },
  })
  assert.equal(commitTimes(observed, 0).length, count)
  return reads
}
