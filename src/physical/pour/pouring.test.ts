import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MemoryBackup } from '../../../test/support/memory-backup.ts'
import type { BackupSink, BackupSource } from '../../core/backup.ts'
import { isHoldfastError } from '../../core/errors.ts'
import { type FileContent, type PhysicalContent, parsePhysicalContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { restoreFiles } from '../restore/restore-files.ts'
import { readCell, storedCells } from '../restore/stored-cells.ts'
import type { FileAttributes } from './file-intake.ts'
import { Pouring } from './pouring.ts'

const plain: FileAttributes = { kind: 'other', mode: 0o640 }

/** The backup that a pouring makes, as a restore sees it. */
async function finished(
  memory: MemoryBackup,
  pouring: Pouring,
): Promise<{ backup: BackupSource; content: PhysicalContent }> {
  const { objects, ...poured } = await pouring.finish()
  const server = { pageBytes: 16384, lowerCaseTableNames: 0, architecture: 'x86_64', plugins: [] }
  const backup = memory.source({
    kind: 'physical',
    method: 'cold',
    origin: { flavour: 'mysql', serverVersion: '9.7.4', serverId: 1 },
    point: { timeMicros: 0 },
    content: { format: 1, server, isClean: true, optionFiles: [], ...poured },
    objects,
    isPartial: false,
    warnings: [],
  })
  return { backup, content: parsePhysicalContent(backup.content) }
}

/** A whole file of a backup. */
async function bytesOf(backup: BackupSource, content: PhysicalContent, name: string): Promise<Buffer> {
  const file = content.files.find((each) => each.path === name)
  assert(file !== undefined, `${name} is in the backup`)
  const bytes = Buffer.alloc(file.sizeBytes)
  for (const cell of await storedCells(backup, file)) {
    ;(await readCell(backup, file, cell)).copy(bytes, cell.cell * cellBytes)
  }
  return bytes
}

/** A file as memory would keep it. */
class ModelFile {
  bytes = Buffer.alloc(0)

  write(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length > this.bytes.length) this.resize(offset + bytes.length)
    this.bytes.set(bytes, offset)
  }

  resize(sizeBytes: number): void {
    const resized = Buffer.alloc(sizeBytes)
    this.bytes.copy(resized)
    this.bytes = resized
  }
}

const names = ['ibdata1', 'shop/orders.ibd', '/elsewhere/t.ibd']
const fileSpan = 5 * cellBytes
const deed = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      file: fc.constantFrom(...names),
      // On cells and pages mostly, so that cells get whole; and anywhere.
      offset: fc.oneof(
        fc.nat(4).map((cell) => cell * cellBytes),
        fc.nat(fileSpan / 16384).map((page) => page * 16384),
        fc.nat(fileSpan),
      ),
      length: fc.oneof(
        fc.constantFrom(16384, cellBytes, 2 * cellBytes),
        fc.integer({ min: 0, max: cellBytes }),
      ),
      fill: fc.nat(255),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('resize' as const),
      file: fc.constantFrom(...names),
      size: fc.nat(fileSpan),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('close' as const, 'remove' as const),
      file: fc.constantFrom(...names),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('rename' as const),
      file: fc.constantFrom(...names),
      to: fc.constantFrom(...names),
    }),
  },
)

test('whatever is written, cut, closed, renamed and removed in whatever order, a backup holds what a disk would', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }),
      async (deeds, openCells, turns) => {
        const memory = new MemoryBackup()
        const pouring = new Pouring(new SlowSink(memory, turns), openCells)
        const disk = new Map<string, ModelFile>()
        for (const each of deeds) {
          const model = disk.get(each.file)
          if (each.type === 'write' || each.type === 'resize') {
            const kept = model ?? new ModelFile()
            disk.set(each.file, kept)
            const file = pouring.open(each.file, plain)
            if (each.type === 'resize') {
              kept.resize(each.size)
              await file.resize(each.size)
            } else {
              const bytes = Buffer.alloc(each.length, each.fill)
              if (bytes.length > 0) kept.write(each.offset, bytes)
              await file.write(each.offset, bytes)
            }
          } else if (model !== undefined && each.type === 'close') pouring.open(each.file, plain).close()
          else if (model !== undefined && each.type === 'remove') {
            pouring.remove(each.file)
            disk.delete(each.file)
          } else if (model !== undefined && each.type === 'rename' && !disk.has(each.to)) {
            pouring.rename(each.file, each.to)
            disk.delete(each.file)
            disk.set(each.to, model)
          }
        }
        const { backup, content } = await finished(memory, pouring)
        assert.deepEqual(content.files.map((file) => file.path).toSorted(), [...disk.keys()].toSorted())
        for (const [name, model] of disk) {
          assert(model.bytes.equals(await bytesOf(backup, content, name)), `${name} is what was written`)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('writers at once, with less memory than they have cells open, do not disturb each other', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(memory, 3)
  const piece = 10_000
  const fileNames = Array.from({ length: 12 }, (_, at) => `s/t${at}.ibd`)
  await Promise.all(
    fileNames.map(async (name, number) => {
      const file = pouring.open(name, plain)
      for (let at = 0; at < 60; at += 1) {
        // One buffer for all pieces of a writer, as readers of sockets have.
        await file.write(at * piece, Buffer.alloc(piece, number + 1))
      }
      file.close()
    }),
  )
  const { backup, content } = await finished(memory, pouring)
  for (const [number, name] of fileNames.entries()) {
    const bytes = await bytesOf(backup, content, name)
    assert(bytes.equals(Buffer.alloc(60 * piece, number + 1)), `${name} has its own bytes alone`)
  }
})

test('a file of 100 GiB with two pages in it costs two chunks', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(memory)
  const file = pouring.open('s/huge.ibd', { ...plain, kind: 'tablespace' })
  const sizeBytes = 100 * 1024 ** 3
  await file.write(0, Buffer.alloc(16384, 1))
  await file.write(77 * 1024 ** 3, Buffer.alloc(16384, 2))
  await file.resize(sizeBytes)
  file.close()
  const { backup, content } = await finished(memory, pouring)
  assert.deepEqual(content.files[0]?.cells, [
    [0, 1],
    [(77 * 1024 ** 3) / cellBytes, 1],
  ])
  await using folder = await emptyFolder()
  await restoreFiles(backup, content, { directory: folder.path })
  const { size, blocks } = await stat(path.join(folder.path, 's/huge.ibd'))
  assert.equal(size, sizeBytes)
  assert(blocks * 512 < 2 * 1024 * 1024, `${blocks} blocks on the disk`)
})

test('a cell that is written whole again replaces what was stored of it, patches and all', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(memory)
  const file = pouring.open('t.ibd', plain)
  await file.write(0, Buffer.alloc(cellBytes, 1))
  await file.write(16384, Buffer.alloc(16384, 2))
  file.close()
  await file.write(0, Buffer.alloc(cellBytes, 3))
  const { backup, content } = await finished(memory, pouring)
  assert.deepEqual(content.files[0]?.patches, [])
  assert((await bytesOf(backup, content, 't.ibd')).equals(Buffer.alloc(cellBytes, 3)))
})

test('of two chunks for one cell the later one counts, also when the sink is done with it first', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(new SlowSink(memory, [5, 0]))
  const file = pouring.open('t.ibd', plain)
  await file.write(0, Buffer.alloc(cellBytes, 1))
  await file.write(0, Buffer.alloc(cellBytes, 2))
  const { backup, content } = await finished(memory, pouring)
  assert((await bytesOf(backup, content, 't.ibd')).equals(Buffer.alloc(cellBytes, 2)))
})

test('what a restore writes has the modes, the empty folders and the holes it had', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(memory)
  pouring.folder('mysql', 0o750)
  pouring.folder('shop', 0o700)
  const key = pouring.open('shop/private_key.pem', { ...plain, mode: 0o600 })
  await key.write(0, Buffer.from('secret'))
  const page = Buffer.alloc(16384)
  page.fill(7, 0, 4096)
  const sparse = pouring.open('shop/t.ibd', { ...plain, isSparse: true })
  for (let at = 0; at < 64; at += 1) await sparse.write(at * 16384, page)
  const { backup, content } = await finished(memory, pouring)
  await using folder = await emptyFolder()
  await restoreFiles(backup, content, { directory: folder.path })
  assert.equal((await stat(path.join(folder.path, 'shop/private_key.pem'))).mode & 0o777, 0o600)
  assert.equal((await stat(path.join(folder.path, 'shop'))).mode & 0o777, 0o700)
  assert.deepEqual(await readdir(path.join(folder.path, 'mysql')), [])
  const restored = path.join(folder.path, 'shop/t.ibd')
  assert((await readFile(restored)).equals(Buffer.concat(Array.from({ length: 64 }, () => page))))
  const { blocks } = await stat(restored)
  assert(blocks * 512 <= 64 * 4096 + 65536, `a quarter of 1 MiB, not ${blocks * 512} bytes`)
})

test('a restore refuses a directory with anything in it, and leaves that alone', async () => {
  const memory = new MemoryBackup()
  const pouring = new Pouring(memory)
  await pouring.open('ibdata1', plain).write(0, Buffer.from('new'))
  const { backup, content } = await finished(memory, pouring)
  await using folder = await emptyFolder()
  await writeFile(path.join(folder.path, 'ibdata1'), 'old')
  await assert.rejects(restoreFiles(backup, content, { directory: folder.path }), (error) =>
    isHoldfastError(error, 'TARGET_NOT_EMPTY'),
  )
  assert.equal(await readFile(path.join(folder.path, 'ibdata1'), 'utf8'), 'old')
})

for (const bad of ['../etc/passwd', 'a/../../b', 'a//b', '', '/', '/a/./b', 'a\0b']) {
  test(`a file with the path ${JSON.stringify(bad)} is neither taken nor written`, async () => {
    const memory = new MemoryBackup()
    const pouring = new Pouring(memory)
    assert.throws(() => pouring.open(bad, plain), { code: 'FAILED' })
    const { backup, content } = await finished(memory, pouring)
    const file: FileContent = { path: bad, kind: 'other', sizeBytes: 0, mode: 0o600, cells: [], patches: [] }
    await using folder = await emptyFolder()
    const restoring = restoreFiles(backup, { ...content, files: [file] }, { directory: folder.path })
    await assert.rejects(restoring, { code: 'FAILED' })
    assert.deepEqual(await readdir(folder.path), [])
  })
}

test('what the sink cannot store fails the writer or the end, never nothing', async () => {
  const lost = new Error('the disk is gone')
  const pouring = new Pouring({ putChunk: () => Promise.reject(lost) }, 2)
  const file = pouring.open('ibdata1', plain)
  const writing = (async () => {
    for (let at = 0; at < 8; at += 1) await file.write(at * cellBytes, Buffer.alloc(cellBytes, 1))
  })()
  await assert.rejects(writing, lost)
  await assert.rejects(pouring.finish(), lost)
})

test('a writer waits while the sink takes no more', async () => {
  const taken: (() => void)[] = []
  const pouring = new Pouring(
    { putChunk: () => new Promise((resolve) => taken.push(() => resolve('ab'.repeat(32)))) },
    2,
  )
  const file = pouring.open('ibdata1', plain)
  const written: number[] = []
  const writing = (async () => {
    for (let cell = 0; cell < 5; cell += 1) {
      await file.write(cell * cellBytes, Buffer.alloc(cellBytes, 1))
      written.push(cell)
    }
  })()
  await turn()
  assert.deepEqual(written, [0, 1])
  for (let at = 0; at < 5; at += 1) {
    taken[at]?.()
    await turn()
  }
  await writing
  await pouring.finish()
})

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Takes its time, chunks overtake one another, and what it is given is read last of all. */
class SlowSink implements BackupSink {
  readonly #memory: MemoryBackup
  readonly #turns: readonly number[]
  #chunks = 0

  constructor(memory: MemoryBackup, turns: readonly number[]) {
    this.#memory = memory
    this.#turns = turns
  }

  async putChunk(bytes: Uint8Array): Promise<string> {
    const turns = this.#turns[this.#chunks++ % this.#turns.length] ?? 0
    for (let at = 0; at < turns; at += 1) await turn()
    return this.#memory.putChunk(bytes)
  }
}

async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-pour-'))
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
