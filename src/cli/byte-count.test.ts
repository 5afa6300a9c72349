import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseByteCount } from './byte-count.ts'

test('numbers of bytes are read with and without a unit, large and small', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['65536', 65_536],
    ['512b', 512],
    ['64K', 65_536],
    ['50M', 52_428_800],
    ['50mb', 52_428_800],
    ['50 MiB', 52_428_800],
    ['1.5GiB', 1_610_612_736],
    ['2t', 2 ** 41],
  ] as const) {
    assert.equal(parseByteCount(text), bytes, text)
  }
})

test('what is no number of bytes is none', () => {
  for (const text of [
    '',
    'M',
    '-1',
    '1e6',
    '50X',
    '50Mbit',
    '50 M B',
    '0x10',
    '9007199254740993',
    '1.',
    '٥M',
  ]) {
    assert.equal(parseByteCount(text), undefined, text)
  }
})
