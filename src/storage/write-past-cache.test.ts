import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { createDurably } from './durable-file.ts'
import { pageAlignedMemory, writePastCache } from './write-past-cache.ts'

const mebibyte = 1024 * 1024

/** Runs `use` in a folder of the disk that temporary files lie on. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-'))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('memory for direct writes begins at a page, is as long as asked for at least', () => {
  for (const bytes of [1, 65_536, 65_537, 33 * mebibyte]) {
    assert.ok(pageAlignedMemory(bytes).byteLength >= bytes)
  }
})

test('whole blocks go past the cache, in writes as long as allowed, and the rest is left to the caller', () =>
  inFolder(async (folder) => {
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    const bytes = randomFillSync(Buffer.from(pageAlignedMemory(3 * mebibyte), 0, 2 * mebibyte + 4097))
    const written = await writePastCache(file, bytes, 512 * 1024, undefined)
    // A temporary folder may lie in memory, where there is no cache to go past.
    const takesDirect = written > 0
    assert.equal(written, takesDirect ? 2 * mebibyte + 4096 : 0)
    assert.deepEqual(await readFile(file), bytes.subarray(0, written))
  }))

test('what is too short is left to the caller, and so is what the file system refuses', () =>
  inFolder(async (folder) => {
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    const memory = Buffer.from(pageAlignedMemory(3 * mebibyte))
    assert.equal(await writePastCache(file, memory.subarray(0, 4096), mebibyte, undefined), 0)
    const misplaced = memory.subarray(1, 2 * mebibyte)
    const written = await writePastCache(file, misplaced, mebibyte, undefined)
    // Disks refuse memory that does not begin at a block; a file system in memory need not.
    assert.deepEqual(await readFile(file), misplaced.subarray(0, written))
  }))

test('a file comes to its name whole, whatever its length and wherever its bytes lie', () =>
  inFolder(async (folder) => {
    const memory = randomFillSync(Buffer.from(pageAlignedMemory(10 * mebibyte)))
    const places = [
      [0, 0],
      [0, 1],
      [0, mebibyte],
      [1, 2 * mebibyte],
      [0, 9 * mebibyte + 5],
      [4096, 4 * mebibyte],
      [512, 5 * mebibyte + 511],
    ] as const
    for (const [from, length] of places) {
      const file = path.join(folder, `${from}-${length}`)
      const bytes = memory.subarray(from, from + length)
      assert.equal(await createDurably(folder, file, bytes), 'created')
      assert.ok((await readFile(file)).equals(bytes), `${length} bytes from ${from}`)
    }
  }))

test('an abort between two writes ends it', () =>
  inFolder(async (folder) => {
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    const bytes = Buffer.from(pageAlignedMemory(2 * mebibyte))
    const reason = new Error('enough')
    if (constants.O_DIRECT === undefined) return
    await assert.rejects(
      writePastCache(file, bytes, 4096, AbortSignal.abort(reason)),
      (error) => error === reason,
    )
  }))
