import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decimalBytes, decimalText } from './packed-decimal.ts'

test('packed decimals are read back digit by digit', () => {
  const cases: [precision: number, scale: number, hex: string, text: string][] = [
    // The worked example of decimal2bin in strings/decimal.c, and its negative.
    [14, 4, '810dfb38d204d2', '1234567890.1234'],
    [14, 4, '7ef204c72dfb2d', '-1234567890.1234'],
    [1, 0, '85', '5'],
    [2, 1, '8105', '1.5'],
    [1, 1, '85', '0.5'],
    [3, 0, '7ff5', '-10'],
  ]
  for (const [precision, scale, hex, text] of cases) {
    const packed = Buffer.from(hex, 'hex')
    assert.equal(packed.length, decimalBytes(precision, scale))
    assert.equal(decimalText(packed, precision, scale), text, hex)
  }
})
