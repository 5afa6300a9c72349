import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { chunk, sparseChunk } from '../../../test/support/xbstream.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { xbstreamPieces } from './xbstream.ts'

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    const end = Math.min(bytes.length, Math.max(at, cut))
    yield bytes.subarray(at, end)
    at = end
  }
}

/** The bytes of each file, put together from the pieces, and which of them have ended. */
async function filesOf(
  bytes: Buffer,
  cuts: readonly number[] = [],
): Promise<{ files: Record<string, string>; ended: string[] }> {
  const files: Record<string, Buffer> = {}
  const ended: string[] = []
  for await (const piece of xbstreamPieces(inPieces(bytes, cuts))) {
    if (piece.kind === 'end') {
      ended.push(piece.path)
      continue
    }
    const before = files[piece.path] ?? Buffer.alloc(0)
    const bytes = piece.kind === 'hole' ? Buffer.alloc(piece.sizeBytes, '.') : piece.bytes
    const whole = Buffer.alloc(Math.max(before.length, piece.offset + bytes.length))
    before.copy(whole)
    bytes.copy(whole, piece.offset)
    files[piece.path] = whole
  }
  return {
    files: Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, bytes.toString()])),
    ended,
  }
}

const two = Buffer.concat([
  chunk('P', 'a', 0n, Buffer.from('hello ')),
  chunk('P', 'shop/b.ibd', 0n, Buffer.from('side by side')),
  chunk('P', 'a', 6n, Buffer.from('world')),
  chunk('E', 'shop/b.ibd'),
  chunk('E', 'a'),
])

test('files that come side by side are put together, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(two.length)), async (cuts) => {
      assert.deepEqual(await filesOf(two, cuts), {
        files: { a: 'hello world', 'shop/b.ibd': 'side by side' },
        ended: ['shop/b.ibd', 'a'],
      })
    }),
  )
})

test('a changed byte of a payload is noticed, and one of what says how to read on', async () => {
  // Flags mean nothing for known types; paths and offsets have no checksum in this format.
  const payload = two.indexOf('hello ')
  for (let at = payload; at < payload + 6; at += 1) {
    const changed = Buffer.from(two)
    changed[at] = (changed[at] ?? 0) ^ 0x20
    await assert.rejects(filesOf(changed), /CRC-32/)
  }
  for (const at of [0, 7, 9, 10, 15]) {
    const changed = Buffer.from(two)
    changed[at] = (changed[at] ?? 0) ^ 0x81
    await assert.rejects(filesOf(changed), MalformedDataError)
  }
})

test('a stream that ends anywhere but behind the end of its files is malformed', async () => {
  for (let length = 1; length < two.length; length += 1) {
    await assert.rejects(filesOf(two.subarray(0, length)), MalformedDataError, `${length}`)
  }
})

test('lengths are not believed: nothing is allocated for what does not come', async () => {
  const huge = chunk('P', 'a', 0n, Buffer.from('x'))
  huge.writeBigUInt64LE(2n ** 52n, 15)
  await assert.rejects(filesOf(huge), /end of the stream/)
  huge.writeBigUInt64LE(2n ** 60n, 15)
  await assert.rejects(filesOf(huge), /below 2\^53/)
  const path = chunk('E', 'a')
  path.writeUInt32LE(2 ** 31, 10)
  await assert.rejects(filesOf(path), /path of 1 to 512/)
})

test('a chunk of a type that is not known is passed over where the writer says so, and refused elsewhere', async () => {
  const [ignorable, needed] = [1, 0].map((flags) => chunk('Q', 'a', 0n, Buffer.from('?'), flags))
  assert.equal((await filesOf(Buffer.concat([ignorable!, two]))).files['a'], 'hello world')
  await assert.rejects(filesOf(Buffer.concat([needed!, two])), /type P, S or E/)
})

test('a sparse chunk has its bytes where its map says, and holes between them', async () => {
  const sparse = Buffer.concat([
    chunk('P', 'a', 0n, Buffer.from('head')),
    sparseChunk('a', 4n, [
      [2, 'one'],
      [0, 'two'],
      [3, ''],
    ]),
    chunk('P', 'a', 15n, Buffer.from('tail')),
    chunk('E', 'a'),
  ])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(sparse.length)), async (cuts) => {
      assert.deepEqual((await filesOf(sparse, cuts)).files, { a: 'head..onetwo...tail' })
    }),
  )
})

test('the map of a sparse chunk is part of what its checksum is of, and has to fit the payload', async () => {
  const sparse = sparseChunk('a', 0n, [
    [2, 'one'],
    [5, 'two'],
  ])
  const map = 14 + 1 + 4 + 20
  const moved = Buffer.from(sparse)
  moved.writeUInt32LE(3, map)
  await assert.rejects(filesOf(moved), /CRC-32/)
  for (const length of [2, 9]) {
    const other = Buffer.from(sparse)
    other.writeUInt32LE(length, map + 4)
    await assert.rejects(filesOf(other), /spans of 6 bytes/)
  }
  const many = Buffer.from(sparse)
  many.writeUInt32LE(2 ** 31, 15)
  await assert.rejects(filesOf(many), /at most 16384 spans/)
})
