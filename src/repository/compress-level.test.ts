import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readObjects, sampleResult, takeBackup } from '../../test/support/sample-backup.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { PackMaker } from './pack-maker.ts'
import { Repository } from './repository.ts'

/** Rows that levels make a difference of: words that come again, in no order. */
const rows = Array.from(
  { length: 20_000 },
  (_, row) => `${row}\tword${(row * row) % 1009}\t${row % 7}\n`,
).join('')

async function clearStore(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await Repository.create(store, { recipients: [], encrypt: false })
  return store
}

async function storedAt(compressLevel: number | undefined): Promise<number> {
  const repository = await Repository.open(await clearStore(), { compressLevel })
  const { sizes } = await takeBackup(repository.source('s'), { t: [rows] }, { content: 1 })
  return sizes.storedBytes
}

test('a higher level stores less, and 1 is what is taken when none is said', async () => {
  const [fast, plain, unsaid, small] = [
    await storedAt(-7),
    await storedAt(1),
    await storedAt(undefined),
    await storedAt(19),
  ]
  assert.ok(fast > plain * 1.1, `${fast} at -7, ${plain} at 1`)
  assert.equal(unsaid, plain)
  assert.ok(small < plain * 0.9, `${small} at 19, ${plain} at 1`)
})

async function storedByThread(compressLevel: number): Promise<number> {
  const store = await clearStore()
  const source = (await Repository.open(store, { compressLevel })).source('s')
  await using session = await source.beginBackup('logical', 'dump')
  // As a thread gets it.
  const ticket = structuredClone(session.ticket(1))
  const maker = new PackMaker(store, ticket, session, new AbortController().signal)
  const id = await maker.putChunk(Buffer.from(rows))
  await maker.flush()
  const chunks = [{ id, plainBytes: rows.length, rows: 20_000, rowHash: '' }]
  return (await session.commit(sampleResult([{ name: 't', chunks }]))).sizes.newBytes
}

async function storedAsSegment(compressLevel: number): Promise<number> {
  const source = (await Repository.open(await clearStore(), { compressLevel })).source('s')
  await source.putSegment('t', 0, { index: 1, data: [Buffer.from(rows)] })
  const [segment] = await source.listSegments()
  assert.ok(segment !== undefined)
  assert.equal((await Array.fromAsync(source.readSegmentData(segment))).join(''), rows)
  return segment.sizeBytes
}

test('what threads of their own store has the level of their session', async () => {
  const [fast, small] = [await storedByThread(-7), await storedByThread(19)]
  assert.ok(small < fast * 0.8, `${small} at 19, ${fast} at -7`)
})

test('segments are stored at the level as well, and read back whatever it was', async () => {
  const [fast, small] = [await storedAsSegment(-7), await storedAsSegment(19)]
  assert.ok(small < fast * 0.8, `${small} at 19, ${fast} at -7`)
})

test('the manifest tells the level, and readers need not know it', async () => {
  const store = await clearStore()
  const writer = (await Repository.open(store, { compressLevel: 12 })).source('s')
  const { id, compressLevel } = await takeBackup(writer, { t: [rows] })
  assert.equal(compressLevel, 12)
  const source = (await Repository.open(store)).source('s')
  assert.equal((await source.readBackup(id)).compressLevel, 12)
  assert.deepEqual(await readObjects(await source.openBackup(id)), { t: [rows] })
})
