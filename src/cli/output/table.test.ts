import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFields, formatTable } from './table.ts'

test('a table aligns words to the left and numbers to the right, and ends lines at the last cell', () => {
  const text = formatTable(
    [{ title: 'BACKUP' }, { title: 'SIZE', isNumber: true }, { title: 'NOTE' }],
    [
      ['a', '9.8 GiB', ''],
      ['bbbbbbbb', '12 B', 'warned'],
    ],
  )
  assert.equal(text, ['BACKUP       SIZE  NOTE', 'a         9.8 GiB', 'bbbbbbbb     12 B  warned'].join('\n'))
})

test('fields line up behind the longest name', () => {
  assert.equal(
    formatFields([
      ['id', '1'],
      ['server', 'x'],
    ]),
    'id:      1\nserver:  x',
  )
})
