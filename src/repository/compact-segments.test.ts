import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { FaultyStore, InjectedFault } from '../storage/faulty-store.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { Repository } from './repository.ts'
import type { SourceRepository } from './source-repository.ts'

const timeline = '0001-test'

const incompressible = randomBytes(2_200_000)

interface Place {
  readonly count: number
  readonly store: FaultyStore
  readonly reader: SourceRepository
  /** Without the recovery key. */
  readonly writer: SourceRepository
}

/** Small segments, and perhaps a large one among them that does not compress. */
async function archive(count: number, large?: number): Promise<Place> {
  const store = new FaultyStore(new MemoryStore())
  const { repository } = await Repository.create(store, { recipients: 'generate', encrypt: true })
  const writer = (await Repository.open(store)).source('shop')
  for (let seq = 1; seq <= count; seq += 1) {
    const data = seq === large ? [incompressible] : dataOf(seq)
    await writer.putSegment(timeline, seq, { index: { seq }, data })
  }
  return { count, store, writer, reader: repository.source('shop') }
}

function dataOf(seq: number): Buffer[] {
  return [Buffer.from(`data of segment ${seq}`)]
}

async function assertWhole(source: SourceRepository, count: number): Promise<void> {
  const refs = await source.listSegments()
  assert.deepEqual(
    refs.map(({ seq }) => seq),
    Array.from({ length: count }, (_, i) => i + 1),
  )
  for (const ref of refs) {
    assert.deepEqual(await source.readSegmentIndex(ref), { seq: ref.seq })
    const data = Buffer.concat(await Array.fromAsync(source.readSegmentData(ref)))
    if (!data.equals(incompressible)) assert.deepEqual([data], dataOf(ref.seq))
  }
  const { problems } = await source.verify({ readData: true })
  assert.deepEqual(problems, [])
}

const now = { graceMs: 0, fewest: 3 }

async function objects({ store }: Place): Promise<string[]> {
  const entries = await Array.fromAsync(store.list(`sources/shop/binlog/${timeline}/`))
  return entries.map(({ key }) => key.slice(key.lastIndexOf('/') + 1).replaceAll(/0{4,}/g, ''))
}

test('small segments are put together without a key, and the objects that they came from go later', async () => {
  const place = await archive(12, 9)
  const { count } = place
  const listedBefore = await place.reader.listSegments()
  const { writer, reader } = place
  assert.deepEqual(await writer.compactSegments({ ...now, graceMs: 60_000 }), {
    packedSegments: 11,
    packs: 2,
    removedObjects: 0,
  })
  await assertWhole(reader, count)
  assert.equal((await objects(place)).length, count + 2)
  assert.equal((await writer.compactSegments({ ...now, graceMs: 60_000 })).removedObjects, 0)
  assert.deepEqual(await writer.compactSegments(now), { packedSegments: 0, packs: 0, removedObjects: 11 })
  assert.deepEqual(await objects(place), ['1-8', '9', '10-12'])
  await assertWhole(reader, count)
  // Who listed them when they stood alone finds them where they are now.
  for (const ref of listedBefore) assert.deepEqual(await reader.readSegmentIndex(ref), { seq: ref.seq })
  assert.equal(
    await writer.putSegment(timeline, count + 1, { index: { seq: count + 1 }, data: dataOf(count + 1) }),
    'created',
  )
  assert.equal((await reader.listSegments()).at(-1)?.seq, count + 1)
})

test('a compaction that is ended at any operation loses nothing, and the next one completes it', async () => {
  for (const fault of ['not-done', 'answer-lost'] as const) {
    for (let at = 0, isDone = false; !isDone; at += 1) {
      const place = await archive(4)
      const { store, writer } = place
      const before = store.operations.length
      store.faultAt = (number) => (number === before + at ? fault : undefined)
      try {
        await writer.compactSegments(now)
        await writer.compactSegments(now)
        isDone = true
      } catch (error) {
        assert.ok(error instanceof InjectedFault, String(error))
      }
      store.faultAt = () => undefined
      await assertWhole(place.reader, place.count)
      await writer.compactSegments(now)
      await writer.compactSegments(now)
      assert.deepEqual(await objects(place), ['1-4'])
      await assertWhole(place.reader, place.count)
    }
  }
})

test('nothing is removed that its pack does not hold byte for byte, and a damaged pack is told', async () => {
  const place = await archive(8)
  const { store, writer, reader } = place
  await writer.compactSegments({ ...now, graceMs: 60_000 })
  store.lies = {
    change: (key, bytes) => {
      if (/-0+8$/.test(key)) bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
      return bytes
    },
  }
  await assert.rejects(writer.compactSegments(now), { code: 'VERIFY_FAILED' })
  assert.equal((await objects(place)).length, 9)
  const { problems } = await reader.verify({ readData: true })
  assert.notDeepEqual(problems, [])
  await assert.rejects(async () => {
    for (const ref of await reader.listSegments()) await Array.fromAsync(reader.readSegmentData(ref))
  })
})
