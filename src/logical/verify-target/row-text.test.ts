import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellWords } from './cell-words.ts'
import { cellTexts, keyText, RowCutter } from './row-text.ts'

const text = '1\ta\n\n2\tlong row\t\\N\nx\n'

test('rows are the same wherever the text is cut', () => {
  for (let at = 0; at <= text.length; at++) {
    for (let other = at; other <= text.length; other++) {
      const rows: string[] = []
      const cutter = new RowCutter()
      for (const piece of [text.slice(0, at), text.slice(at, other), text.slice(other)]) {
        // As the kernel does it: the memory is used again.
        const bytes = Buffer.from(piece)
        cutter.cut(bytes, (row) => rows.push(row.toString()))
        bytes.fill('?')
      }
      assert.deepEqual(rows, ['1\ta', '', '2\tlong row\t\\N', 'x'])
    }
  }
})

test('a key is made of the cells of a row in its own order', () => {
  const row = Buffer.from('a\tb\t\tc')
  assert.deepEqual(cellTexts(row).map(String), ['a', 'b', '', 'c'])
  assert.equal(String(keyText(row, [3, 0])), 'c\ta')
  assert.notDeepEqual(keyText(row, [2, 0]), keyText(row, [0, 2]))
})

test('cells are words: numbers, text in quotes, NULL, and hex for what is no text', () => {
  for (const [cell, words] of [
    ['-1.5e-7', '-1.5e-7'],
    ['1.5.2', "'1.5.2'"],
    ['', "''"],
    ['\\N', 'NULL'],
    ['\\\\N', "'\\N'"],
    ['a\\tb', "'a\tb'"],
    ['\\0', '0x00'],
    ['é'.repeat(40), `'${'é'.repeat(40)}'`],
    ['é'.repeat(41), `'${'é'.repeat(40)}…'`],
    ['😀'.repeat(1e6), `'${'😀'.repeat(40)}…'`],
    ['\\\\'.repeat(1e6), `'${'\\'.repeat(40)}…'`],
    [`a${'\\\\'.repeat(1e6)}`, `'a${'\\'.repeat(39)}…'`],
    [`\\0${'x'.repeat(20)}`, `0x00${'78'.repeat(19)}…`],
  ] as const) {
    assert.equal(cellWords(Buffer.from(cell)), words)
  }
  assert.equal(cellWords(Buffer.from([0x41, 0xe9])), '0x41E9')
})
