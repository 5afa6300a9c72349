import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { packBytes, packName, parsePackName, readTable, tableBytes } from './segment-pack.ts'

const files = [Buffer.from('first'), Buffer.alloc(0), Buffer.from('the third')]
const range = { first: 7, last: 9 }

test('segments lie behind their table as the format says', () => {
  const pack = packBytes(files)
  // HFSEGPAK, version 1, three segments of 5, 0 and 9 bytes.
  const table =
    '484653454750414b 01000000 00000003 0000000000000005 0000000000000000 0000000000000009'.replaceAll(
      ' ',
      '',
    )
  const hash = createHash('sha256').update(Buffer.from(table, 'hex')).digest('hex')
  assert.equal(pack.toString('hex'), table + hash + Buffer.concat(files).toString('hex'))
  const places = readTable(pack.subarray(0, tableBytes(range)), range, 'pack')
  const read = places.map(({ offset, length }) => pack.toString('latin1', offset, offset + length))
  assert.deepEqual(read, ['first', '', 'the third'])
})

test('a table that was cut, changed, or is of other segments is refused', () => {
  const table = packBytes(files).subarray(0, tableBytes(range))
  for (let length = 0; length < table.length; length += 1) {
    assert.throws(() => readTable(table.subarray(0, length), range, 'pack'), MalformedDataError)
    const changed = Buffer.from(table)
    changed.writeUInt8(changed.readUInt8(length) ^ 1, length)
    assert.throws(() => readTable(changed, range, 'pack'), MalformedDataError, `byte ${length}`)
  }
  const four = packBytes([...files, Buffer.alloc(1)]).subarray(0, tableBytes(range))
  assert.throws(() => readTable(four, range, 'pack'), MalformedDataError)
})

test('the name of a pack says which segments are in it, and no other name does', () => {
  assert.equal(packName(range), '0000000000000007-0000000000000009')
  assert.deepEqual(parsePackName(packName(range)), range)
  for (const name of [
    '0000000000000007',
    '0000000000000009-0000000000000007',
    '7-9',
    `${packName(range)}.tmp`,
  ])
    assert.equal(parsePackName(name), undefined, name)
})
