// Every object of a repository, changed, cut or removed: it shows, it is named, and nothing else suffers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Repository } from '../../src/repository/repository.ts'
import type { VerifyReport } from '../../src/repository/verify-report.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'
import { readObjects, takeBackup } from '../support/sample-backup.ts'

const objects = {
  'shop.orders': Array.from({ length: 30 }, (_, n) => `${n}\torder ${n * n}\n`),
  'shop.notes': ['x'.repeat(3000), 'y'.repeat(3000)],
}

interface Sample {
  readonly store: MemoryStore
  readonly identities: readonly string[]
  readonly objects: ReadonlyMap<string, Buffer>
  /** The backups' ids, oldest first; the third shares no chunk with the others. */
  readonly ids: readonly string[]
}

async function newSample(encrypt: boolean): Promise<Sample> {
  const store = new MemoryStore()
  const { repository, identity } = await Repository.create(store, {
    recipients: 'generate',
    encrypt,
    packTargetBytes: 4096,
  })
  const source = repository.source('shop')
  await source.ensure({ flavour: 'mariadb', serverId: 1 })
  const ids = []
  for (const content of [objects, { ...objects, more: ['new'] }, { other: ['alone'] }]) {
    ids.push((await takeBackup(source, content)).id)
  }
  for (const seq of [1, 2, 3]) {
    await source.putSegment('t', seq, { index: { seq }, data: [Buffer.alloc(2000, `${seq}`)] })
  }
  const all = new Map<string, Buffer>()
  for await (const { key } of store.list('')) all.set(key, (await store.get(key)) ?? Buffer.alloc(0))
  return { store, identities: identity === undefined ? [] : [identity], objects: all, ids }
}

/** Runs `check` with one object replaced by `bytes`, or removed, and puts it back. */
async function withDamage(
  { store, objects }: Sample,
  key: string,
  bytes: Buffer | undefined,
  check: () => Promise<void>,
): Promise<void> {
  await store.delete([key])
  if (bytes !== undefined) await store.putIfAbsent(key, bytes)
  await check()
  await store.delete([key])
  await store.putIfAbsent(key, objects.get(key) ?? Buffer.alloc(0))
}

/** What verify says, or VERIFY_FAILED already at the door. */
async function verify(sample: Sample, identities = sample.identities): Promise<VerifyReport | 'unopenable'> {
  try {
    const repository = await Repository.open(sample.store, { identities })
    return await repository.source('shop').verify({ readData: true })
  } catch (error) {
    assert.ok(isHoldfastError(error, 'VERIFY_FAILED', 'REPOSITORY_MISSING'), String(error))
    return 'unopenable'
  }
}

function changes(
  bytes: Buffer,
  step: number,
): { readonly how: string; readonly bytes: Buffer | undefined }[] {
  const variants: { how: string; bytes: Buffer | undefined }[] = [
    { how: 'removed', bytes: undefined },
    { how: 'emptied', bytes: Buffer.alloc(0) },
    { how: 'cut by one', bytes: bytes.subarray(0, -1) },
    { how: 'cut in half', bytes: bytes.subarray(0, bytes.length >> 1) },
    { how: 'longer by one', bytes: Buffer.concat([bytes, Buffer.alloc(1)]) },
  ]
  for (let at = 0; at < bytes.length; at += step) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 0x10
    variants.push({ how: `byte ${at} changed`, bytes: changed })
  }
  return variants
}

for (const encrypt of [true, false]) {
  test(`damage to any object of ${encrypt ? 'an encrypted' : 'a clear'} repository shows in verify, which names the object`, async () => {
    const sample = await newSample(encrypt)
    const sound = await verify(sample)
    assert.deepEqual(sound === 'unopenable' ? sound : sound.problems, [])
    for (const [key, bytes] of sample.objects) {
      // Removing the last segment or the source's identity is like never having written it.
      const mayVanish = /binlog\/t\/0{15}[13]$|source\.json$|backups\//.test(key)
      for (const { how, bytes: damaged } of changes(bytes, Math.max(1, Math.floor(bytes.length / 12)))) {
        await withDamage(sample, key, damaged, async () => {
          const report = await verify(sample)
          if (report === 'unopenable' || (mayVanish && damaged === undefined)) return
          assert.notDeepEqual(report.problems, [], `${key} ${how}`)
          const names = JSON.stringify(report.problems)
          const isNamed = names.includes(key.split('/').at(-1) ?? key) || names.includes('0000000000000003')
          assert.ok(isNamed, `${key} ${how}: ${names}`)
        })
      }
    }
  })
}

test('without an identity cuts, changed packs and missing segments still show', async () => {
  const sample = await newSample(true)
  for (const [key, bytes] of sample.objects) {
    if (!/packs|backups|binlog/.test(key)) continue
    await withDamage(sample, key, bytes.subarray(0, -1), async () => {
      const report = await verify(sample, [])
      assert.ok(report !== 'unopenable' && !report.isDecrypted)
      assert.deepEqual(
        report.problems.map(({ object }) => object),
        [key],
      )
    })
    if (!key.includes('packs')) continue
    const changed = Buffer.from(bytes)
    changed[200] = (changed[200] ?? 0) ^ 1
    await withDamage(sample, key, changed, async () => {
      const report = await verify(sample, [])
      assert.ok(report !== 'unopenable' && /SHA-256/.test(report.problems[0]?.problem ?? ''))
    })
  }
})

test('a restore from a damaged repository gives the true bytes or VERIFY_FAILED, and other backups are untouched', async () => {
  const sample = await newSample(true)
  const source = (await Repository.open(sample.store, { identities: sample.identities })).source('shop')
  const truth = await Promise.all(sample.ids.map(async (id) => readObjects(await source.openBackup(id))))
  for (const [key, bytes] of sample.objects) {
    if (!/packs|backups|keys/.test(key)) continue
    for (const { how, bytes: damaged } of changes(bytes, Math.max(1, Math.floor(bytes.length / 5)))) {
      await withDamage(sample, key, damaged, async () => {
        let failures = 0
        for (const [number, id] of sample.ids.entries()) {
          try {
            const repository = await Repository.open(sample.store, { identities: sample.identities })
            const backup = await repository.source('shop').openBackup(id)
            assert.deepEqual(await readObjects(backup), truth[number], `${key} ${how}`)
          } catch (error) {
            const isRemoved = damaged === undefined && key.endsWith(id)
            assert.ok(
              isHoldfastError(error, isRemoved ? 'FAILED' : 'VERIFY_FAILED'),
              `${key} ${how}: ${String(error)}`,
            )
            failures += 1
          }
        }
        const isOfAll = key.startsWith('keys/')
        assert.ok(failures < 3 || isOfAll, `${key} ${how} broke all backups`)
      })
    }
  }
})

test('verify finds every problem, and tells which objects of which backups are lost with it', async () => {
  const sample = await newSample(true)
  const packs = [...sample.objects.keys()].filter((key) => key.includes('/packs/'))
  const source = (await Repository.open(sample.store, { identities: sample.identities })).source('shop')
  const sound = await source.verify({ readData: true })
  assert.deepEqual(
    { ...sound.checked, packBytes: 0, segmentBytes: 0 },
    {
      backups: 3,
      packs: packs.length,
      packBytes: 0,
      orphanPacks: 0,
      chunksRead: sound.checked.chunksRead,
      references: sound.checked.references,
      keys: 4,
      segments: 3,
      segmentBytes: 0,
    },
  )
  assert.ok(sound.checked.chunksRead >= 30 + 2 + 1 + 1)

  const [first] = sample.ids
  const backup = await source.openBackup(first ?? '')
  const [note] = (await backup.object('shop.notes')).chunks
  // The pack with the first note is the one that, when it is gone, keeps the note from being read.
  const holders: string[] = []
  for (const key of packs) {
    await withDamage(sample, key, undefined, async () => {
      const failed = await backup.getChunk(note?.id ?? '').then(
        () => false,
        () => true,
      )
      if (failed) holders.push(key)
    })
  }
  assert.equal(holders.length, 1)
  const [holder = ''] = holders
  await withDamage(sample, holder, undefined, async () => {
    const segment = [...sample.objects.keys()].find((key) => key.endsWith('binlog/t/0000000000000002')) ?? ''
    await withDamage(sample, segment, undefined, async () => {
      const { problems } = await source.verify({ readData: false })
      const pack = problems.find(({ object }) => object === holder)
      assert.match(pack?.problem ?? '', /missing/)
      assert.ok(pack?.affected.includes(`backup ${sample.ids[0]}`), 'its content lies there too')
      assert.ok(pack?.affected.includes(`shop.notes of backup ${sample.ids[0]}`), JSON.stringify(pack))
      assert.ok(pack?.affected.includes(`shop.notes of backup ${sample.ids[1]}`))
      assert.ok(!pack?.affected.some((each) => each.includes(sample.ids[2] ?? '?')))
      const hole = problems.find(({ object }) => object.endsWith('0000000000000003'))
      assert.match(hole?.problem ?? '', /segments 2 to 2 are missing/)
    })
  })
})

test('packs of backups that were never committed are counted as orphans, and are no problem', async () => {
  const sample = await newSample(true)
  const source = (await Repository.open(sample.store, { identities: sample.identities })).source('shop')
  {
    await using session = await source.beginBackup('logical', 'dump')
    for (let n = 0; n < 10; n += 1)
      await session.putChunk(Buffer.from(`never ${n} ${'z'.repeat(n * 50)}${Math.random()}`.repeat(40)))
  }
  const report = await source.verify({ readData: true })
  assert.deepEqual(report.problems, [])
  let now = 0
  for await (const { key } of sample.store.list('sources/shop/packs/')) if (key !== '') now += 1
  assert.equal(
    report.checked.orphanPacks,
    now - [...sample.objects.keys()].filter((key) => key.includes('/packs/')).length,
  )
})
