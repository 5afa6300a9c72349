import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { BackupSource } from '../../core/backup.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { differingRuns, overwriteFile } from './overwrite-file.ts'

test('rows of units that differ are named, and no others', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 0, maxLength: 60 }),
      fc.infiniteStream(fc.boolean()),
      (bytes, flips) => {
        const wanted = Buffer.from(bytes)
        const found = Buffer.from(wanted.map((byte) => (flips.next().value === true ? byte ^ 1 : byte)))
        const mended = Buffer.from(found)
        for (const [start, end] of differingRuns(found, wanted, 8)) {
          assert.equal(start % 8, 0)
          assert.notDeepEqual(found.subarray(start, end), wanted.subarray(start, end))
          wanted.copy(mended, start, start, end)
        }
        assert.deepEqual(mended, wanted)
      },
    ),
  )
})

/** Two cells, of which the first is zeros. */
const size = cellBytes + 40_000
const wanted = Buffer.concat([Buffer.alloc(cellBytes), Buffer.alloc(40_000, 'holdfast')])
const file: FileContent = {
  path: 't.ibd',
  kind: 'tablespace',
  sizeBytes: size,
  mode: 0o640,
  cells: [[1, 1]],
  patches: [],
}
const backup: BackupSource = {
  content: {},
  origin: { flavour: 'mariadb', serverVersion: '', serverId: 1 },
  point: { timeMicros: 0 },
  objectNames: () => [],
  object: () =>
    Promise.resolve({ name: 't.ibd', chunks: [{ id: 'a', plainBytes: 40_000, rows: 0, rowHash: '' }] }),
  getChunk: () => Promise.resolve(Buffer.from(wanted.subarray(cellBytes))),
}

const cases: readonly (readonly [string, Buffer | undefined, number])[] = [
  ['the same file', wanted, 0],
  ['a flipped byte', flipped(wanted, cellBytes + 5000), 4096],
  ['bytes where there should be zeros', flipped(wanted, 9000), 4096],
  ['a file that is too long', Buffer.concat([wanted, Buffer.alloc(900_000, 1)]), 0],
  ['a file that was cut', wanted.subarray(0, 1000), 40_000],
  ['an empty one', Buffer.alloc(0), 40_000],
  ['none', undefined, 40_000],
]

function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes)
  other[at] = (other[at] ?? 0) ^ 4
  return other
}

test('holes stay holes where only other blocks differ', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-over-'))
  try {
    const path = join(folder, 't.ibd')
    await writeFile(path, '')
    await truncate(path, size)
    const sparse: FileContent = {
      ...file,
      isSparse: true,
      tablespace: { spaceId: 1, pageBytes: 16_384, flags: 0 },
    }
    const half = Buffer.from(wanted.subarray(cellBytes)).fill(0, 4096)
    await overwriteFile({ ...backup, getChunk: () => Promise.resolve(half) }, sparse, path, () => undefined)
    assert.deepEqual((await readFile(path)).subarray(cellBytes), half)
    assert.ok((await stat(path)).blocks * 512 <= 8192)
  } finally {
    await rm(folder, { recursive: true })
  }
})

for (const [what, found, expected] of cases) {
  test(`over ${what} comes the file of the backup, and no more is written than differs`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hf-over-'))
    try {
      const path = join(folder, 't.ibd')
      if (found !== undefined) await writeFile(path, found)
      let sum = 0
      await overwriteFile(backup, file, path, (_bytes, written) => (sum += written))
      assert.deepEqual(await readFile(path), wanted)
      assert.equal((await stat(path)).mode & 0o777, 0o640)
      assert.equal(sum, expected)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
}
