import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ChunkIndex, chunkRecordBytes } from './chunk-index.ts'

const idOf = (number: number): string => createHash('sha256').update(String(number)).digest('hex')
const placeOf = (number: number) => ({
  pack: number % 7,
  offset: number * 3,
  frameBytes: 2 ** 32 - 1 - number,
  plainBytes: number,
})

test('an index that grew many times finds every chunk and no other', () => {
  const index = new ChunkIndex()
  for (let number = 0; number < 20_000; number += 1) index.set(idOf(number), placeOf(number))
  assert.equal(index.size, 20_000)
  for (let number = 0; number < 20_000; number += 1)
    assert.deepEqual(index.find(idOf(number)), placeOf(number))
  for (let number = 20_000; number < 21_000; number += 1) assert.equal(index.find(idOf(number)), undefined)
})

test('a chunk that is set again has its new place and counts once', () => {
  const index = new ChunkIndex()
  index.set(idOf(1), placeOf(1))
  index.set(idOf(1), placeOf(2))
  assert.equal(index.size, 1)
  assert.deepEqual(index.find(idOf(1)), placeOf(2))
})

test('chunks whose ids start alike are told apart', () => {
  const index = new ChunkIndex()
  const ids = Array.from(
    { length: 300 },
    (_, number) => `${'0'.repeat(56)}${number.toString(16).padStart(8, '0')}`,
  )
  for (const [number, id] of ids.entries()) index.set(id, placeOf(number))
  for (const [number, id] of ids.entries()) assert.deepEqual(index.find(id), placeOf(number))
})

test('an index comes back from its records', () => {
  const index = new ChunkIndex()
  for (let number = 0; number < 1000; number += 1) index.set(idOf(number), placeOf(number))
  const records = Buffer.from(index.records())
  assert.equal(records.length, 1000 * chunkRecordBytes)
  assert.deepEqual([...ChunkIndex.fromRecords(records).entries()], [...index.entries()])
})
