import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readObjects, sampleResult, takeBackup } from '../../test/support/sample-backup.ts'
import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import { FaultyStore } from '../storage/faulty-store.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { defaultLeaseTiming } from './lease.ts'
import { Repository } from './repository.ts'

const noCode = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)
const failsWith =
  (code: HoldfastError['code'], message: RegExp = /./) =>
  (error: unknown): boolean => {
    assert.ok(isHoldfastError(error, code), noCode(error))
    assert.match(error.message, message)
    return true
  }

async function newRepository(
  store: ObjectStore,
  encrypt = true,
): Promise<{ repository: Repository; identity: string }> {
  const { repository, identity = '' } = await Repository.create(store, { recipients: 'generate', encrypt })
  return { repository, identity }
}

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

async function replace(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  await store.delete([key])
  await store.putIfAbsent(key, bytes)
}

const sample = {
  'shop.orders': ['1\tone\n', '2\ttwo\n'],
  'shop.empty': [],
  'shop.notes': ['x'.repeat(10_000)],
}

for (const encrypt of [true, false]) {
  const name = encrypt ? 'encrypted' : 'clear'

  test(`a backup in an ${name} repository is read back as it was written`, async () => {
    const store = new MemoryStore()
    const { repository, identity } = await newRepository(store, encrypt)
    const summary = await takeBackup(repository.source('shop'), sample, {
      content: { tables: ['a', null, 1.5] },
    })
    const opened = await Repository.open(store, { identities: encrypt ? [identity] : [] })
    const source = opened.source('shop')
    assert.deepEqual(await opened.listSources(), ['shop'])
    assert.deepEqual(
      (await source.listBackups()).map(({ id, kind }) => ({ id, kind })),
      [{ id: summary.id, kind: 'logical' }],
    )
    assert.deepEqual(await source.readBackup(summary.id), summary)
    const backup = await source.openBackup(summary.id)
    assert.deepEqual(backup.content, { tables: ['a', null, 1.5] })
    assert.deepEqual(backup.objectNames(), Object.keys(sample))
    assert.deepEqual(await readObjects(backup), sample)
    assert.equal(summary.sizes.plainBytes, 12 + 10_000)
    assert.equal(summary.sizes.chunks, 3)
    const [first] = (await backup.object('shop.orders')).chunks
    assert.deepEqual({ ...first, id: '' }, { id: '', plainBytes: 6, rows: 1, rowHash: 'ab' })
  })

  test(`no text of the data can be seen in an ${name} repository without a key, or all of it can`, async () => {
    const store = new MemoryStore()
    const { repository } = await newRepository(store, encrypt)
    await takeBackup(repository.source('shop'), { t: ['a secret that is short'] })
    const packs = await keysOf(store, 'sources/shop/packs/')
    const bytes = await Promise.all(packs.map((key) => store.get(key)))
    assert.equal(
      bytes.some((pack) => pack?.includes('a secret that is short')),
      !encrypt,
    )
  })
}

test('a repository that is not there is said to be missing', async () => {
  await assert.rejects(Repository.open(new MemoryStore()), failsWith('REPOSITORY_MISSING', /memory/))
})

test('a repository is not created twice', async () => {
  const store = new MemoryStore()
  await newRepository(store)
  await assert.rejects(newRepository(store), failsWith('REPOSITORY_EXISTS'))
})

test('of two that create a repository at once one wins, and the other leaves it nothing to believe', async () => {
  const store = new MemoryStore()
  const outcomes = await Promise.allSettled([newRepository(store), newRepository(store)])
  const winner = outcomes.find((outcome) => outcome.status === 'fulfilled')
  const loser = outcomes.find((outcome) => outcome.status === 'rejected')
  assert.ok(winner !== undefined && loser !== undefined)
  failsWith('REPOSITORY_EXISTS')(loser.reason)
  const opened = await Repository.open(store)
  assert.deepEqual(opened.recipients, winner.value.repository.recipients)
})

test('a repository of a newer format is left alone', async () => {
  const store = new MemoryStore()
  await newRepository(store)
  const document = decodeCheckedJson((await store.get('holdfast.json')) ?? Buffer.alloc(0), 'holdfast.json')
  assert.ok(typeof document === 'object')
  const { sha256: _, ...rest } = { sha256: '', ...document }
  await replace(store, 'holdfast.json', encodeCheckedJson({ ...rest, format: 2, shape: 'unknown' }))
  await assert.rejects(Repository.open(store), failsWith('REPOSITORY_FORMAT_TOO_NEW', /format 2/))
})

test('a store that overwrites is not taken for a repository', async () => {
  const store = new FaultyStore(new MemoryStore())
  store.lies = { overwrites: true }
  await assert.rejects(newRepository(store), failsWith('STORE_UNUSABLE'))
  assert.equal(await store.head('holdfast.json'), undefined)
})

test('something that is no recipient is refused without repeating it', async () => {
  const { generateX25519Identity } = await import('age-encryption')
  const identity = await generateX25519Identity()
  const creating = Repository.create(new MemoryStore(), { recipients: [identity], encrypt: true })
  await assert.rejects(creating, (error) => {
    failsWith('CONFIG_INVALID')(error)
    assert.ok(error instanceof Error && !error.message.includes(identity))
    return true
  })
})

test('reading without an identity says that one is missing, with another that it is the wrong one', async () => {
  const store = new MemoryStore()
  const { repository } = await newRepository(store)
  const { id } = await takeBackup(repository.source('shop'), sample)
  const without = (await Repository.open(store)).source('shop')
  await assert.rejects(without.readBackup(id), failsWith('IDENTITY_MISSING'))
  await assert.rejects(without.openBackup(id), failsWith('IDENTITY_MISSING'))
  const { identity: other } = await newRepository(new MemoryStore())
  const wrong = (await Repository.open(store, { identities: [other] })).source('shop')
  await assert.rejects(wrong.readBackup(id), failsWith('WRONG_KEY'))
  await assert.rejects(wrong.verify({ readData: true }), failsWith('WRONG_KEY'))
})

test('a source keeps its identity, and another server does not get its name', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const mysql = repository.source('a')
  const identity = { flavour: 'mysql', serverUuid: 'u-1', serverId: 1 } as const
  assert.equal(await mysql.describe(), undefined)
  await mysql.ensure(identity)
  await mysql.ensure({ ...identity, serverId: 2 })
  assert.deepEqual(await mysql.describe(), identity)
  await assert.rejects(
    mysql.ensure({ ...identity, serverUuid: 'u-2' }),
    failsWith('SOURCE_MISMATCH', /u-1.*u-2/),
  )
  const mariadb = repository.source('b')
  await mariadb.ensure({ flavour: 'mariadb', serverId: 5, gtidDomainId: 0 })
  await mariadb.ensure({ flavour: 'mariadb', serverId: 5 })
  await assert.rejects(mariadb.ensure({ flavour: 'mariadb', serverId: 6 }), failsWith('SOURCE_MISMATCH'))
})

test('names that cannot be folders are refused', async () => {
  const { repository } = await newRepository(new MemoryStore())
  for (const name of ['', '..', 'a/b', '.x', 'a b', 'ä', 'x'.repeat(65)]) {
    assert.throws(() => repository.source(name), failsWith('USAGE'), name)
  }
})

test('unchanged chunks are not stored again by a host that has an identity', async () => {
  const store = new MemoryStore()
  const { repository } = await newRepository(store)
  const source = repository.source('shop')
  await takeBackup(source, sample)
  const second = await takeBackup(source, { ...sample, more: ['new text'] })
  assert.deepEqual(await readObjects(await source.openBackup(second.id)), { ...sample, more: ['new text'] })
  const third = await takeBackup(source, { ...sample, more: ['new text'] })
  assert.equal(third.sizes.newBytes, 0)
  assert.equal((await source.verify({ readData: true })).problems.length, 0)
})

test('a host with neither identity nor memory stores everything anew, and readers do not mind', async () => {
  const store = new MemoryStore()
  const { identity } = await newRepository(store)
  const blind = (await Repository.open(store)).source('shop')
  const first = await takeBackup(blind, sample)
  const second = await takeBackup(blind, sample)
  assert.ok(second.sizes.newBytes > 0)
  const source = (await Repository.open(store, { identities: [identity] })).source('shop')
  for (const { id } of [first, second])
    assert.deepEqual(await readObjects(await source.openBackup(id)), sample)
  assert.deepEqual((await source.verify({ readData: true })).problems, [])
})

test('a pack that vanishes while a backup is under way fails it, and says which', async () => {
  const store = new MemoryStore()
  const { repository } = await newRepository(store)
  const source = repository.source('shop')
  await takeBackup(source, sample)
  const packs = await keysOf(store, 'sources/shop/packs/')
  await using session = await source.beginBackup('logical', 'dump')
  const bytes = Buffer.from('1\tone\n')
  const chunk = { id: await session.putChunk(bytes), plainBytes: 6, rows: 1, rowHash: '' }
  await store.delete(packs)
  await assert.rejects(
    session.commit(sampleResult([{ name: 't', chunks: [chunk] }])),
    failsWith('VERIFY_FAILED', /packs\/.* vanished/),
  )
  assert.equal((await source.listBackups()).length, 1)
})

test('a second backup of a source waits for nobody: it is told who is at work', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  await using session = await source.beginBackup('logical', 'dump')
  await assert.rejects(
    source.beginBackup('logical', 'dump'),
    failsWith('REPOSITORY_LOCKED', /backup by process/),
  )
  await using other = await repository.source('other').beginBackup('logical', 'dump')
  assert.notEqual(session.id, other.id)
})

test('a writer that lost its lease commits nothing', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  await using session = await source.beginBackup('logical', 'dump')
  // Another process, for which the lease has run out.
  const later = { ...defaultLeaseTiming, now: () => Date.now() + 2 * defaultLeaseTiming.ttlMs }
  await using taken = await source.lease('prune', { timing: later })
  assert.equal(taken.generation, 2)
  await assert.rejects(session.commit(sampleResult([])), failsWith('REPOSITORY_LOCKED', /prune by process/))
  assert.deepEqual(await source.listBackups(), [])
})

test('a manifest is written when every pack and key has been answered, and not before', async () => {
  const order: string[] = []
  class SlowStore extends MemoryStore {
    override async putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
      order.push(`begin ${key.split('/')[2]}`)
      if (key.includes('/packs/')) await sleep(30)
      const outcome = await super.putIfAbsent(key, bytes)
      order.push(`end ${key.split('/')[2]}`)
      return outcome
    }
  }
  const options = { recipients: 'generate', encrypt: true, packTargetBytes: 1000 } as const
  const { repository } = await Repository.create(new SlowStore(), options)
  order.length = 0
  await takeBackup(repository.source('shop'), { t: ['a', 'b', 'c', 'd'].map((text) => text.repeat(40)) })
  assert.deepEqual(order.slice(0, 2), ['begin keys', 'end keys'])
  assert.deepEqual(order.slice(-2), ['begin backups', 'end backups'])
  assert.ok(order.filter((each) => each === 'end packs').length >= 2)
})

test('equal chunks that are put at the same time are stored once', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  const { sizes } = await takeBackup(source, { t: Array.from({ length: 20 }, () => 'the same') })
  assert.equal(sizes.chunks, 1)
  // This chunk, the content and the map.
  assert.equal((await source.verify({ readData: true })).checked.chunksRead, 3)
})

test('an abandoned session leaves no backup and no lease', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  {
    await using session = await source.beginBackup('logical', 'dump')
    await session.putChunk(Buffer.alloc(100_000, 'x'))
  }
  assert.deepEqual(await source.listBackups(), [])
  await takeBackup(source, sample)
})

test('a backup that was told to stop stops, and commits nothing', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  const stopper = new AbortController()
  await using session = await source.beginBackup('logical', 'dump', { signal: stopper.signal })
  await session.putChunk(Buffer.from('x'))
  stopper.abort(new Error('enough'))
  await assert.rejects(session.putChunk(Buffer.from('y')), { message: 'enough' })
  await assert.rejects(session.commit(sampleResult([])), { message: 'enough' })
  assert.deepEqual(await source.listBackups(), [])
})

test('the buffer of a chunk may be reused as soon as its id is known', async () => {
  const { repository } = await newRepository(new MemoryStore())
  const source = repository.source('shop')
  await using session = await source.beginBackup('logical', 'dump')
  const chunks = []
  for (const length of [10, 100_000, 5_000_000]) {
    const buffer = Buffer.alloc(length, 'a')
    chunks.push({ id: await session.putChunk(buffer), plainBytes: length, rows: 1, rowHash: '' })
    buffer.fill('b')
  }
  const { id } = await session.commit(sampleResult([{ name: 't', chunks }]))
  const backup = await source.openBackup(id)
  for (const chunk of chunks) {
    assert.ok((await backup.getChunk(chunk.id)).equals(Buffer.alloc(chunk.plainBytes, 'a')))
  }
})

test('a result that names a chunk which was never stored is a mistake that shows at commit', async () => {
  const { repository } = await newRepository(new MemoryStore())
  await using session = await repository.source('shop').beginBackup('logical', 'dump')
  const chunk = { id: 'ab'.repeat(32), plainBytes: 1, rows: 0, rowHash: '' }
  await assert.rejects(
    session.commit(sampleResult([{ name: 't', chunks: [chunk] }])),
    failsWith('BUG', /abab/),
  )
})

test('segments are claimed by being first, listed in order and read back', async () => {
  const store = new MemoryStore()
  const { repository } = await newRepository(store)
  const source = repository.source('shop')
  const data = [Buffer.alloc(5_000_000, 'ab'), Buffer.from('end')]
  assert.equal(await source.putSegment('t1', 10, { index: { n: 10 }, data }), 'created')
  assert.equal(await source.putSegment('t1', 9, { index: { n: 9 }, data: [] }), 'created')
  assert.equal(await source.putSegment('t0', 1, { index: null, data: [Buffer.from('x')] }), 'created')
  assert.equal(await source.putSegment('t1', 10, { index: {}, data: [] }), 'exists')
  const refs = await source.listSegments()
  assert.deepEqual(
    refs.map(({ timeline, seq }) => `${timeline} ${seq}`),
    ['t0 1', 't1 9', 't1 10'],
  )
  assert.deepEqual(
    (await source.listSegments('t1')).map(({ seq }) => seq),
    [9, 10],
  )
  const last = refs[2]
  assert.ok(last !== undefined)
  assert.deepEqual(await source.readSegmentIndex(last), { n: 10 })
  const pieces: Buffer[] = []
  for await (const piece of source.readSegmentData(last)) pieces.push(piece)
  assert.ok(Buffer.concat(pieces).equals(Buffer.concat(data)))
})

/** A store that tries again by itself after an answer that it lost, and so finds its own first try. */
class RetryingStore extends FaultyStore {
  override async putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    await super.putIfAbsent(key, bytes)
    return super.putIfAbsent(key, bytes)
  }
}

test('a segment that was put although its answer was lost is not taken for that of another writer', async () => {
  const inner = new MemoryStore()
  const { identity } = await newRepository(inner)
  const retrying = new RetryingStore(inner)
  const source = (await Repository.open(retrying, { identities: [identity] })).source('shop')
  assert.equal(await source.putSegment('t', 1, { index: 1, data: [Buffer.from('x')] }), 'created')
})

for (const encrypt of [true, false]) {
  test(`what tries have shown stays with its backup in ${encrypt ? 'an encrypted' : 'a clear'} repository`, async () => {
    const store = new MemoryStore()
    const { repository, identity } = await newRepository(store, encrypt)
    const [first, second] = [
      await takeBackup(repository.source('shop'), sample),
      await takeBackup(repository.source('shop'), sample),
    ]
    const opened = await Repository.open(store, { identities: encrypt ? [identity] : [] })
    const source = opened.source('shop')
    const tried = {
      backup: first.id,
      triedAt: '2026-11-23T05:06:12.345Z',
      seconds: 2.5,
      serverVersion: '9.7.4',
    }
    const failed = { ...tried, outcome: { kind: 'failed' as const, why: 'it burns' } }
    const outcome = { kind: 'recovered' as const, point: first.point, tables: 2, problems: [] }
    const sound = { ...tried, triedAt: '2026-11-23T05:06:13Z', outcome }
    await source.putEvidence(failed)
    await source.putEvidence(sound)
    const last = await source.listEvidence()
    const keys = last.get(first.id) ?? []
    assert.deepEqual([...last.keys()], [first.id])
    assert.equal(keys.length, 2)
    const key = keys[1] ?? ''
    assert.deepEqual(await source.readEvidence(key), sound)
    assert.deepEqual((await source.verify({ readData: true })).problems, [])

    const without = (await Repository.open(store)).source('shop')
    if (encrypt) await assert.rejects(without.readEvidence(key), failsWith('IDENTITY_MISSING'))
    const moved = key.replace(first.id, second.id)
    await store.putIfAbsent(moved, (await store.get(key)) ?? Buffer.alloc(0))
    await assert.rejects(source.readEvidence(moved), failsWith('VERIFY_FAILED'))
    const { problems } = await source.verify({ readData: false })
    assert.deepEqual(
      problems.map(({ object }) => object),
      [moved],
    )
  })
}
