import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lostOrders } from './lost-orders.ts'

const day = {
  before: new Set([1, 2, 3]),
  later: [
    { id: 4, acknowledgedMs: 1000 },
    { id: 5, acknowledgedMs: 2000 },
    { id: 6, acknowledgedMs: 3000 },
  ],
  sealedMs: 2500,
}

test('orders that were acknowledged after the end of the archive may be missing', () => {
  assert.deepEqual(lostOrders(day, new Set([1, 2, 3, 4, 5])), [])
  assert.deepEqual(lostOrders(day, new Set([1, 2, 3, 4, 5, 6])), [])
})

test('an order from before the accident or from before the end of the archive may not', () => {
  assert.deepEqual(lostOrders(day, new Set([1, 3, 4, 6])), [
    'missing from before the accident: orders 2',
    'missing from before the end of the archive: orders 5',
  ])
})

test('an archive that ends with the accident has lost every order after it', () => {
  assert.deepEqual(lostOrders({ ...day, sealedMs: 500 }, new Set([1, 2, 3])), [
    'none of the 3 orders after the accident came back',
  ])
})
