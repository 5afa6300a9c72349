import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted } from './counted.ts'

test('one is one, and everything else is many', () => {
  assert.deepEqual(
    [0, 1, 2, 1204].map((value) => counted(value, 'row')),
    ['0 rows', '1 row', '2 rows', '1,204 rows'],
  )
})
