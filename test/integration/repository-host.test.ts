// A repository in a directory, as hosts use it: what a host remembers, killed writers, and packs that went missing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'
import {
  readObjects,
  type SampleLine,
  type SampleObjects,
  sampleResult,
  takeBackup,
} from '../support/sample-backup.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const objects = { 'shop.orders': ['1\tone\n', '2\ttwo\n'], 'shop.notes': ['x'.repeat(10_000)] }

interface Place extends AsyncDisposable {
  readonly store: DirectoryStore
  readonly root: string
  readonly state: string
  readonly identity: string
  readonly writeOnly: () => Promise<Repository>
  readonly reader: () => Promise<Repository>
}

async function newPlace(): Promise<Place> {
  const folder = await temporaryDirectory()
  const root = path.join(folder.path, 'repository')
  const state = path.join(folder.path, 'state')
  const store = new DirectoryStore(root)
  const { identity = '' } = await Repository.create(store, { recipients: 'generate', encrypt: true })
  return {
    store,
    root,
    state,
    identity,
    writeOnly: () => Repository.open(new DirectoryStore(root), { stateDirectory: state }),
    reader: () => Repository.open(new DirectoryStore(root), { identities: [identity] }),
    [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
  }
}

async function packsOf(root: string): Promise<string[]> {
  const folder = path.join(root, 'sources', 'shop', 'packs')
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  return names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

test('a host that can only write stores unchanged chunks once, and what it remembers is for its user alone', async () => {
  await using place = await newPlace()
  const first = await takeBackup((await place.writeOnly()).source('shop'), objects)
  const second = await takeBackup((await place.writeOnly()).source('shop'), objects)
  assert.ok(first.sizes.newBytes > 0)
  assert.equal(second.sizes.newBytes, 0)
  const source = (await place.reader()).source('shop')
  assert.deepEqual(await readObjects(await source.openBackup(second.id)), objects)
  const files = await readdir(place.state, { recursive: true, withFileTypes: true })
  for (const entry of files.filter((each) => each.isFile())) {
    assert.equal((await stat(path.join(entry.parentPath, entry.name))).mode & 0o777, 0o600)
  }
  const third = await takeBackup(source, objects)
  assert.equal(third.sizes.newBytes, 0, 'and a host with an identity goes on from there')
})

for (const [who, open] of [
  ['can only write', (place: Place) => place.writeOnly()],
  ['can read, and remembers nothing', (place: Place) => place.reader()],
] as const) {
  test(`backups of parts and of files between two whole ones are forgotten by none: a host that ${who}`, async () => {
    await using place = await newPlace()
    const take = async (part: SampleObjects, line: SampleLine): Promise<number> =>
      (await takeBackup((await open(place)).source('shop'), part, { line, content: {} })).sizes.newBytes
    const files = { ibdata1: ['y'.repeat(20_000)] }
    const parts = { 'shop.orders': objects['shop.orders'] }
    const asFiles = { kind: 'physical', method: 'cold' } as const
    await take(objects, {})
    await take(files, asFiles)
    for (const round of [1, 2]) {
      await take(parts, { isPartial: true })
      assert.equal(await take(files, asFiles), 0, `files, round ${round}`)
      assert.equal(await take(objects, {}), 0, `all, round ${round}`)
    }
    const source = (await place.reader()).source('shop')
    assert.deepEqual((await source.verify({ readData: true })).problems, [])
  })
}

test('what a backup had stored that never came to its end is used by the next, if its note is whole', async () => {
  const texts = ['a', 'b', 'c'].map((name) => `${name}${randomBytes(100_000).toString('hex')}`)
  for (const [lost, isUsed] of [
    [0, true],
    [1, false],
    [150, false],
    [Number.POSITIVE_INFINITY, false],
  ] as const) {
    await using place = await newPlace()
    {
      await using session = await (await place.writeOnly()).source('shop').beginBackup('logical', 'dump')
      for (const text of texts) await session.putChunk(Buffer.from(text))
      const chunks = [{ id: '00'.repeat(32), plainBytes: 1, rows: 1, rowHash: '' }]
      await assert.rejects(session.commit(sampleResult([{ name: 'shop.t', chunks }])), /which was not stored/)
    }
    const [name = ''] = (await readdir(place.state, { recursive: true })).filter((one) =>
      one.endsWith('unfinished-packs'),
    )
    const unfinished = path.join(place.state, name)
    const { size, mode } = await stat(unfinished)
    assert.equal(mode & 0o777, 0o600)
    await truncate(unfinished, Math.max(0, size - lost))
    const next = await takeBackup((await place.writeOnly()).source('shop'), { 'shop.t': texts })
    assert.equal(next.sizes.newBytes < 50_000, isUsed, `${next.sizes.newBytes} bytes new, ${lost} lost`)
    await assert.rejects(stat(unfinished), { code: 'ENOENT' })
    const source = (await place.reader()).source('shop')
    assert.deepEqual(await readObjects(await source.openBackup(next.id)), { 'shop.t': texts })
    assert.deepEqual((await source.verify({ readData: true })).problems, [])
  }
})

test('a damaged memory of a host costs deduplication, and says so', async () => {
  await using place = await newPlace()
  await takeBackup((await place.writeOnly()).source('shop'), objects)
  const [file] = (await readdir(place.state, { recursive: true })).filter((name) =>
    name.endsWith('known-chunks-logical-whole'),
  )
  assert.ok(file !== undefined)
  const events: HoldfastEvent[] = []
  for (const bytes of [Buffer.alloc(0), Buffer.from('{}\n'), Buffer.alloc(1000, 'x')]) {
    await writeFile(path.join(place.state, file), bytes)
    events.length = 0
    const next = await takeBackup((await place.writeOnly()).source('shop'), objects, {
      emit: (event) => events.push(event),
    })
    assert.ok(next.sizes.newBytes > 0)
    assert.match(JSON.stringify(events), /"warning".*what this host remembers/)
  }
})

for (const damage of ['gone', 'cut']) {
  test(`a chunk whose old pack is ${damage} is stored again`, async () => {
    await using place = await newPlace()
    await takeBackup((await place.writeOnly()).source('shop'), objects)
    for (const pack of await packsOf(place.root)) {
      if (damage === 'gone') await rm(pack)
      else await truncate(pack, (await stat(pack)).size - 1)
    }
    const again = await takeBackup((await place.writeOnly()).source('shop'), {
      ...objects,
      more: ['another'],
    })
    const source = (await place.reader()).source('shop')
    assert.deepEqual(await readObjects(await source.openBackup(again.id)), { ...objects, more: ['another'] })
  })
}

test('two processes cannot back up one source at once, and the second learns who is at work', async () => {
  await using place = await newPlace()
  const child = startWriter(place.root)
  try {
    await once(child.stdout, 'data')
    const source = (await place.writeOnly()).source('shop')
    await assert.rejects(source.beginBackup('logical', 'dump'), (error) => {
      assert.ok(isHoldfastError(error, 'REPOSITORY_LOCKED'))
      assert.match(error.message, new RegExp(`backup by process ${child.pid} on `))
      return true
    })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

test('a writer killed at any moment leaves every committed backup whole and the next one unhindered', async () => {
  await using place = await newPlace()
  const source = (await place.reader()).source('shop')
  const first = await takeBackup(source, objects)
  for (let round = 0; round < 12; round += 1) {
    const child = startWriter(place.root)
    await once(child.stdout, 'data')
    await sleep(Math.random() * 150)
    child.kill('SIGKILL')
    await once(child, 'close')
    const opened = (await place.reader()).source('shop')
    const report = await opened.verify({ readData: true })
    assert.deepEqual(report.problems, [])
    for (const { id } of await opened.listBackups()) await readObjects(await opened.openBackup(id))
  }
  assert.deepEqual(await readObjects(await source.openBackup(first.id)), objects)
  const last = await takeBackup((await place.reader()).source('shop'), objects)
  assert.deepEqual(await readObjects(await source.openBackup(last.id)), objects)
  assert.deepEqual(await readdir(path.join(place.root, '.tmp')), [], 'what the killed ones left is gone')
})

test('a chunk of 64 MiB that does not compress is kept', async () => {
  await using place = await newPlace()
  const source = (await place.reader()).source('shop')
  const bytes = Buffer.allocUnsafe(64 * 1024 * 1024)
  // A cheap sequence without repetition that zstd could use: 32-bit xorshift.
  for (let at = 0, x = 1; at < bytes.length; at += 4) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes.writeInt32LE(x, at)
  }
  await using session = await source.beginBackup('logical', 'dump')
  const chunk = { id: await session.putChunk(bytes), plainBytes: bytes.length, rows: 1, rowHash: '' }
  const { id, sizes } = await session.commit(sampleResult([{ name: 'blob', chunks: [chunk] }]))
  assert.ok(sizes.storedBytes >= bytes.length)
  assert.ok((await (await source.openBackup(id)).getChunk(chunk.id)).equals(bytes))
  assert.deepEqual((await source.verify({ readData: true })).problems, [])
})

test('an object with tens of thousands of chunks, and tens of thousands of objects, take time in proportion', async () => {
  const { repository } = await Repository.create(new MemoryStore(), { recipients: [], encrypt: false })
  const source = repository.source('shop')
  const timeOf = async (count: number): Promise<number> => {
    await using session = await source.beginBackup('logical', 'dump')
    const started = performance.now()
    const chunks = []
    for (let number = 0; number < count; number += 1) {
      const bytes = Buffer.from(`row ${count} ${number}`)
      chunks.push({ id: await session.putChunk(bytes), plainBytes: bytes.length, rows: 1, rowHash: '' })
    }
    const small = chunks.map((chunk, number) => ({ name: `t${number}`, chunks: [chunk] }))
    const { id } = await session.commit(sampleResult([{ name: 'great', chunks }, ...small]))
    const backup = await source.openBackup(id)
    assert.equal(backup.objectNames().length, count + 1)
    assert.equal((await backup.object('great')).chunks.length, count)
    for (let number = 0; number < count; number += 500) {
      const { chunks } = await backup.object(`t${number}`)
      assert.equal((await backup.getChunk(chunks[0]?.id ?? '')).toString(), `row ${count} ${number}`)
    }
    return performance.now() - started
  }
  await timeOf(1000)
  const few = await timeOf(12_500)
  const many = await timeOf(50_000)
  // Four times the chunks in at most four times the time, doubled for a machine that does other things too; squared it would be 16.
  assert.ok(many < 8 * few + 500, `${few.toFixed(0)} ms for 12500, ${many.toFixed(0)} ms for 50000`)
})

test('memory does not grow with the size of a backup', async () => {
  await using place = await newPlace()
  const [small, great] = [await peakMemory(place.root, 40), await peakMemory(place.root, 160)]
  // 40 chunks of 4 MiB fill all buffers there are; 160 of them are 480 MiB more.
  assert.ok(great < small + 48, `${small} MiB for 160 MiB, ${great} MiB for 640 MiB`)
  assert.ok(great < 330, `${great} MiB`)
})

/** A process that takes one backup after the other into the directory; prints a line before each. */
function startWriter(root: string, ...args: string[]) {
  const program = path.join(import.meta.dirname, '../support/backup-writer.ts')
  return spawn(process.execPath, [program, root, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Peak resident memory, in MiB, of a process that backs up this many chunks of 4 MiB. */
async function peakMemory(root: string, chunks: number): Promise<number> {
  const child = startWriter(root, String(chunks))
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return Number(/peak (\d+)/.exec(output)?.[1])
}
