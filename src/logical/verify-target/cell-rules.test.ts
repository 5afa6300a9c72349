import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparedText } from './cell-rules.ts'

const json = (text: string): string => comparedText(Buffer.from(`1\t${text}`), ['same', 'json']).toString()

test('a DECIMAL within JSON is the DOUBLE that a load makes of it', () => {
  for (const [decimal, loaded] of [
    ['{"n": 1.10}', '{"n": 1.1}'],
    ['[5.00, -0.50]', '[5.0, -0.5]'],
    ['12345678901234567890.5', '1.2345678901234567e19'],
    ['18446744073709551616', '1.8446744073709552e19'],
    ['[1.0, 2]', '[1.00, 2]'],
  ] as const) {
    assert.equal(json(decimal), json(loaded))
  }
})

test('other numbers, and anything within a string, are not the same', () => {
  for (const [one, other] of [
    ['1', '1.0'],
    ['18446744073709551615', '18446744073709551614'],
    ['-9223372036854775808', '-9223372036854775807'],
    ['-9223372036854775809', '-9223372036854775808'],
    ['[1.10]', '[1.2]'],
    ['{"n": "1.10"}', '{"n": "1.1"}'],
    ['{"1.10": 0}', '{"1.1": 0}'],
    // As rows have it, with each backslash twice: a quote and a backslash within a string.
    String.raw`["\\" 1.10"]|["\\" 1.1"]`.split('|'),
    String.raw`["\\\\\\" 1.10"]|["\\\\\\" 1.1"]`.split('|'),
    ['[1.10]', '[1.10, 1.10]'],
  ] as const) {
    assert.notEqual(json(one ?? ''), json(other ?? ''), `${one} and ${other}`)
  }
  // Here the string has ended before.
  assert.equal(json(String.raw`["\\\\", 1.10, "x"]`), json(String.raw`["\\\\", 1.1, "x"]`))
})

const row = (text: string, last: string): string =>
  comparedText(Buffer.from(`1.10\t${text}\t${last}`), ['same', 'none', 'same']).toString()

test('other cells count with every byte, and one that is left out with none', () => {
  assert.equal(row('a', 'b'), row('\\N', 'b'))
  assert.notEqual(row('a', 'b'), row('a', 'c'))
  assert.match(row('a', 'b'), /^1\.10\t/)
})

const masked = (text: string): string => comparedText(Buffer.from(text), ['masked']).toString()

test('a mask is the value that its column makes of it', () => {
  for (const [mask, column] of [
    ['0.7', '0.699999988079071'],
    ['1.5', '1.500'],
    ['007', '7'],
    ['2020-01-01 10:00:00', '2020-01-01 10:00:00.000'],
    ['ab', 'ab\\0\\0'],
  ] as const) {
    assert.equal(masked(mask), masked(column))
  }
  for (const [mask, column] of [
    ['0.7', '0.70001'],
    ['7', '70'],
    ['2020-01-01 10:00:00', '2020-01-01 10:00:01'],
    ['2020-01-01 10:00:00', '2020-01-01 10:00:00.001'],
    ['ab', 'abc'],
    ['1', '\\N'],
  ] as const) {
    assert.notEqual(masked(mask), masked(column))
  }
})
