import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import { type FileContent, parsePhysicalContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { readCell, storedCells } from '../restore/stored-cells.ts'
import { type BookNotes, CellBook, NewCellBook } from './cell-book.ts'
import { blockBytes, type CellMemory } from './cell-memory.ts'
import { cellRecordBytes } from './cell-record.ts'
import type { CellSink } from './cell-store.ts'
import { DeltaList } from './delta-list.ts'
import type { FileAttributes } from './file-intake.ts'
import { Fingerprints } from './fingerprint.ts'
import { Pouring } from './pouring.ts'

const plain: FileAttributes = { kind: 'tablespace', mode: 0o640 }

/** A repository, and a host that takes one backup after the other. */
class Host implements AsyncDisposable {
  readonly chunks = new Map<string, Buffer>()
  readonly folder: string
  /** What the last backup stored, in the order it came. */
  stored: Buffer[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async start(): Promise<Host> {
    return new Host(await mkdtemp(path.join(tmpdir(), 'holdfast-cells-')))
  }

  get book(): string {
    return path.join(this.folder, 'known-cells')
  }

  /** A backup of `files`; `during` is written over what it has brought already. */
  async backUp(
    files: ReadonlyMap<string, Buffer>,
    { canRead = true, during = [] }: { canRead?: boolean; during?: readonly Overwrite[] } = {},
  ): Promise<BackupOf> {
    this.stored = []
    using before = CellBook.open(this.book)
    using book = new NewCellBook(this.book, { before, canRead })
    const memory: CellMemory = {
      fingerprints: new Fingerprints(book.key),
      recall: (name, cell) => before?.recall(name, cell),
      begin: () => book.begin(),
      finish: (noted: Iterable<readonly [string, BookNotes]>) => book.finish(noted),
      holds: async (id) => this.chunks.has(id),
      canRead,
      read: async (id) => this.chunks.get(id),
    }
    const sink: CellSink = { memory, putChunk: async (bytes) => this.#put(bytes) }
    const pouring = new Pouring(sink, 3)
    for (const [name, bytes] of files) {
      const file = pouring.open(name, plain)
      await file.resize(bytes.length)
      await file.write(0, bytes)
      file.close()
    }
    for (const { name, offset, bytes } of during) await pouring.open(name, plain).write(offset, bytes)
    const { objects, ...poured } = await pouring.finish()
    book.keep()
    const server = { pageBytes: 16384, architecture: 'x86_64', plugins: [] }
    const content = { format: 1, server, isClean: true, optionFiles: [], ...poured }
    const { files: described } = parsePhysicalContent(JSON.parse(JSON.stringify(content)))
    return new BackupOf(
      this.chunks,
      described,
      new Map(objects.map((object) => [object.name, [...object.chunks]])),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }

  #put(bytes: Uint8Array): string {
    const id = createHash('sha256').update(bytes).digest('hex')
    if (this.chunks.has(id)) return id
    this.chunks.set(id, Buffer.from(bytes))
    this.stored.push(Buffer.from(bytes))
    return id
  }
}

class BackupOf {
  readonly files: readonly FileContent[]
  readonly #source: BackupSource

  constructor(
    stored: ReadonlyMap<string, Buffer>,
    files: readonly FileContent[],
    chunks: ReadonlyMap<string, readonly ObjectChunk[]>,
  ) {
    this.files = files
    this.#source = {
      content: undefined,
      origin: { flavour: 'mysql', serverVersion: '9.7.4', serverId: 1 },
      point: { timeMicros: 0 },
      objectNames: () => [...chunks.keys()],
      object: async (name) => ({ name, chunks: chunks.get(name) ?? [] }),
      getChunk: async (id) => stored.get(id) ?? assert.fail(`chunk ${id} is not there`),
    }
  }

  async bytesOf(name: string): Promise<Buffer> {
    const file = this.files.find((each) => each.path === name) ?? assert.fail(`${name} is not there`)
    const bytes = Buffer.alloc(file.sizeBytes)
    for (const cell of await storedCells(this.#source, file)) {
      ;(await readCell(this.#source, file, cell)).copy(bytes, cell.cell * cellBytes)
    }
    return bytes
  }

  deltas(name: string): { cell: number; blocks: number; isXor: boolean }[] {
    const list = new DeltaList(this.files.find((each) => each.path === name)?.deltas ?? '', name)
    return Array.from({ length: list.count }, (_, at) => list.at(at))
  }
}

interface Overwrite {
  readonly name: string
  readonly offset: number
  readonly bytes: Buffer
}

const names = ['ibdata1', 's/t.ibd', 's/u.ibd']
const span = 3 * cellBytes
const write = fc
  .record({
    name: fc.constantFrom(...names),
    offset: fc.oneof(
      fc.nat(span / blockBytes).map((block) => block * blockBytes),
      fc.nat(span),
    ),
    length: fc.oneof(fc.constantFrom(1, blockBytes, cellBytes), fc.integer({ min: 1, max: 100_000 })),
    seed: fc.nat(255),
  })
  .map(({ name, offset, length, seed }) => ({ name, offset, bytes: noise(length, seed) }))
const generation = fc.record({
  writes: fc.array(write, { maxLength: 5 }),
  cuts: fc.array(fc.record({ name: fc.constantFrom(...names), size: fc.nat(span) }), { maxLength: 1 }),
  during: fc.array(write, { maxLength: 3 }),
  canRead: fc.boolean(),
  /** Of the chunks that the repository loses before this backup. */
  lost: fc.array(fc.nat(30), { maxLength: 2 }),
})

test('every backup of a line holds what the files were, whatever changed between them and whatever the host can read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(generation, { minLength: 2, maxLength: 5 }), async (generations) => {
      await using host = await Host.start()
      const disk = new Map(names.map((name, at) => [name, noise(cellBytes * (at + 1) - at * 5000, at)]))
      for (const { writes, cuts, during, canRead, lost } of generations) {
        for (const { name, offset, bytes } of writes) disk.set(name, written(disk.get(name)!, offset, bytes))
        for (const { name, size } of cuts) disk.set(name, resized(disk.get(name)!, size))
        const ids = [...host.chunks.keys()]
        for (const at of lost) host.chunks.delete(ids[at] ?? '')
        const backup = await host.backUp(disk, { canRead, during })
        for (const { name, offset, bytes } of during) disk.set(name, written(disk.get(name)!, offset, bytes))
        for (const [name, bytes] of disk) {
          assert((await backup.bytesOf(name)).equals(bytes), `${name} is what was written`)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('what has not changed is neither hashed nor stored again, also where it had changed before', async () => {
  await using host = await Host.start()
  const bytes = noise(4 * cellBytes, 1)
  await host.backUp(new Map([['t', bytes]]))
  bytes[5] = 77
  await host.backUp(new Map([['t', bytes]]))
  assert.equal(host.stored.length, 1)
  for (let time = 0; time < 2; time += 1) {
    const backup = await host.backUp(new Map([['t', bytes]]))
    assert.equal(host.stored.length, 0)
    assert((await backup.bytesOf('t')).equals(bytes))
  }
})

test('of a page that changed a reader of the backup before stores the difference, and others the page', async () => {
  await using host = await Host.start()
  const bytes = noise(2 * cellBytes, 1)
  await host.backUp(new Map([['t', bytes]]))
  bytes[3 * blockBytes + 9]! ^= 0xff
  bytes[9 * blockBytes + 1]! ^= 0x01
  const read = await host.backUp(new Map([['t', bytes]]))
  const [xor] = host.stored
  assert.equal(xor?.length, 2 * blockBytes)
  assert.equal(xor.filter((byte) => byte !== 0).length, 2)
  assert.deepEqual(read.deltas('t'), [{ cell: 0, blocks: (1 << 3) | (1 << 9), isXor: true }])
  await rm(host.book)
  bytes[3 * blockBytes + 9]! ^= 0xff
  bytes[9 * blockBytes + 1]! ^= 0x01
  await host.backUp(new Map([['t', bytes]]), { canRead: false })
  bytes[9 * blockBytes + 1]! ^= 0x01
  const unread = await host.backUp(new Map([['t', bytes]]), { canRead: false })
  assert.deepEqual(host.stored, [bytes.subarray(9 * blockBytes, 10 * blockBytes)])
  assert.deepEqual(unread.deltas('t'), [{ cell: 0, blocks: 1 << 9, isXor: false }])
})

test('a cell is stored anew when most of it has changed since its base was, so deltas stay small and never lie on deltas', async () => {
  for (const canRead of [true, false]) {
    await using host = await Host.start()
    const bytes = noise(cellBytes, 1)
    await host.backUp(new Map([['t', bytes]]), { canRead })
    const layers: number[] = []
    for (let block = 0; block < 12; block += 1) {
      noise(blockBytes, block + 50).copy(bytes, block * blockBytes)
      const backup = await host.backUp(new Map([['t', bytes]]), { canRead })
      layers.push(backup.deltas('t').length)
      assert((await backup.bytesOf('t')).equals(bytes))
    }
    assert(layers.includes(0) && layers.includes(1), `one of these has a new base: ${layers.join(' ')}`)
  }
})

test('a base that does not hold what was noted of it is not built upon', async () => {
  await using host = await Host.start()
  const bytes = noise(cellBytes, 1)
  await host.backUp(new Map([['t', bytes]]))
  for (const chunk of host.chunks.values()) chunk[7 * blockBytes]! ^= 1
  bytes[7 * blockBytes + 5]! ^= 1
  const backup = await host.backUp(new Map([['t', bytes]]))
  assert.deepEqual(backup.deltas('t'), [])
  assert((await backup.bytesOf('t')).equals(bytes))
})

test('a book that is damaged, cut or empty is worth nothing, and spoils no backup', async () => {
  await using host = await Host.start()
  const bytes = noise(cellBytes, 1)
  await host.backUp(new Map([['t', bytes]]))
  bytes[5 * blockBytes]! ^= 1
  await host.backUp(new Map([['t', bytes]]))
  const sound = await readFile(host.book)
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(sound)
    copy[at]! ^= 0x10
    return copy
  }
  const damaged = [
    Buffer.alloc(0),
    sound.subarray(0, -1),
    sound.subarray(100),
    ...Array.from({ length: cellRecordBytes(false) }, (_, at) => flipped(at)),
    ...[80, 40, 1].map((fromEnd) => flipped(sound.length - fromEnd)),
  ]
  for (const book of damaged) {
    await writeFile(host.book, book)
    const backup = await host.backUp(new Map([['t', bytes]]))
    assert((await backup.bytesOf('t')).equals(bytes))
  }
})

test('50,000 small files are not remembered, and cost the book next to nothing', async () => {
  await using host = await Host.start()
  const files = new Map(Array.from({ length: 500 }, (_, at) => [`s/t${at}.frm`, noise(900, at)]))
  await host.backUp(files)
  assert((await readFile(host.book)).length < 1000)
})

function noise(length: number, seed: number): Buffer {
  const block = createHash('sha512').update(`${seed}`).digest()
  const bytes = Buffer.alloc(length)
  // No two blocks are alike, or chunks would be stored once for several.
  for (let at = 0; at < length; at += block.length) {
    block.copy(bytes, at)
    if (at + 4 <= length) bytes.writeUInt32LE(at + seed, at)
  }
  return bytes
}

function written(bytes: Buffer, offset: number, piece: Buffer): Buffer {
  const result = resized(bytes, Math.max(bytes.length, offset + piece.length))
  piece.copy(result, offset)
  return result
}

function resized(bytes: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size)
  bytes.copy(result)
  return result
}
