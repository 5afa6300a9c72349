import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes } from './byte-size.ts'

test('sizes are printed in IEC units with at most three digits', () => {
  const table: readonly [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [99.94 * 1024, '99.9 KiB'],
    [99.96 * 1024, '100 KiB'],
    [612 * 1024 ** 2, '612 MiB'],
    [9.8 * 1024 ** 3, '9.8 GiB'],
    [2 ** 60, '1.0 EiB'],
  ]
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text)
})
