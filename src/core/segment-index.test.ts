import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  decodeTransactions,
  encodeTransactions,
  type SegmentTransaction,
  transactionKinds,
} from './segment-index.ts'

const gtid = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 1, max: 9 }).map((n) => `3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`),
  fc.integer({ min: 1, max: 9 }).map((n) => `3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:${n}`),
  fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }).map((n) => `0-1-${n}`),
)

const transactions = fc
  .array(
    fc.record({
      skip: fc.integer({ min: 0, max: 3 }),
      length: fc.integer({ min: 1, max: 1000 }),
      gtid,
      timeMicros: fc.integer({ min: 0, max: 2 ** 50 }),
      arrivalMillis: fc.integer({ min: 0, max: 2 ** 41 }),
      kind: fc.constantFrom(...transactionKinds),
      hasStatements: fc.boolean(),
    }),
  )
  .map((list) => {
    let at = 100
    return list.map(({ skip, length, gtid, ...rest }): SegmentTransaction => {
      const start = at + skip
      at = start + length
      return { start, end: at, ...(gtid === undefined ? {} : { gtid }), ...rest }
    })
  })

test('transactions survive being written as columns and read again', () => {
  fc.assert(
    fc.property(transactions, (list) => {
      const columns = JSON.parse(JSON.stringify(encodeTransactions(list, 100)))
      assert.deepEqual(decodeTransactions({ start: 100, transactions: columns }), list)
    }),
  )
})

test('a transaction may start before its segment', () => {
  const list: SegmentTransaction[] = [
    { start: 40, end: 130, timeMicros: 1, arrivalMillis: 2, kind: 'dml', hasStatements: false },
  ]
  assert.deepEqual(decodeTransactions({ start: 100, transactions: encodeTransactions(list, 100) }), list)
})

test('consecutive GTIDs of one server take one entry', () => {
  const list = Array.from({ length: 1000 }, (_, i) => ({
    start: i * 10,
    end: i * 10 + 10,
    gtid: `0-1-${i + 5}`,
    timeMicros: i,
    arrivalMillis: i,
    kind: 'dml' as const,
    hasStatements: false,
  }))
  assert.deepEqual(encodeTransactions(list, 0).gtids, [['0-1-', '5', 1000]])
})
