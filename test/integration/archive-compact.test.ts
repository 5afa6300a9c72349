import assert from 'node:assert/strict'
import { cp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { Archive } from '../../src/archive/archive.ts'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { BackgroundCompaction } from '../../src/operations/background-compaction.ts'
import { proveArchive } from '../../src/operations/prove-archive.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { FaultyStore, InjectedFault } from '../../src/storage/faulty-store.ts'
import { archiveRig } from '../support/archive-rig.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { commitTable, enableSemiSync } from '../support/semi-sync.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'

const insert = "INSERT INTO d.t (v) VALUES ('x');"

test('segments that are put together prove, give back and go on with the same archive', async () => {
  await using server = await startServer(someKind())
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(
    `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); ${insert.repeat(60)} FLUSH BINARY LOGS; ${insert.repeat(60)}`,
  )
  await rig.catchUp({ sealBytes: 1000 })
  const place = path.join(rig.folder, 'repository')
  const prove = () => proofOf(place)
  const proven = await prove()
  const openedBefore = await Archive.open(rig.source)
  const [first] = openedBefore.history()
  assert.ok(first !== undefined && openedBefore.segments.length > 10)
  const reading = openedBefore.readTransactions({
    timeline: first.timeline,
    from: { file: first.file, offset: 4 },
  })
  assert.equal((await reading.next()).done, false)

  const writer = await rig.openWith([])
  const { packedSegments, packs } = await writer.compactSegments({ graceMs: 60_000, fewest: 5 })
  assert.deepEqual([packedSegments, packs], [openedBefore.segments.length, 1])
  assert.deepEqual(await prove(), proven)
  const { removedObjects } = await writer.compactSegments({ graceMs: 0, fewest: 5 })
  assert.equal(removedObjects, packedSegments)
  const folder = path.join(place, 'sources/shop/binlog', first.timeline)
  assert.equal((await readdir(folder)).length, 1)
  assert.deepEqual(await prove(), proven)
  await rig.assertSameAsSource()

  // A reader that had begun before comes to its end.
  let seen = 1
  for await (const _ of reading) seen += 1
  assert.equal(seen, 122)
  await openedBefore.exportFile('binlog.000001', () => undefined)

  await server.sql(insert.repeat(3))
  await rig.catchUp()
  await rig.assertSameAsSource()
  const told = await succeed(['binlog', 'compact', 'shop', '--repository', place])
  assert.match(told.stdout, /^Of shop, too few small segments stand in a row to be put together\.\n$/)
  const verified = await holdfast(['verify', 'shop', '--repository', place, '--read-data'])
  assert.match(verified.stdout, /^What shop has is intact: /)
})

test('an archiver puts segments together while it acknowledges, and a crash at any step of it changes no proof and no time', async () => {
  await using server = await startServer(someKind())
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(commitTable)
  await rig.catchUp()
  await enableSemiSync(server)
  const place = path.join(rig.folder, 'repository')
  const told: HoldfastEvent[] = []
  const { stop, done } = rig.stream({ sealBytes: 1, acknowledgeAfter: 'spool' })
  await using compaction = new BackgroundCompaction({
    source: rig.source,
    graceMs: 0,
    fewest: 3,
    everyMs: 20,
    emit: (event) => told.push(event),
  })
  compaction.begin()
  for (let i = 0; i < 42; i++) {
    // What comes after that stays as it is, for what follows below.
    if (i === 34) await compaction[Symbol.asyncDispose]()
    await server.sql(`INSERT INTO d.c VALUES ('<${i}>')`)
  }
  stop.abort()
  await done
  assert.ok(told.length > 1, 'several objects')
  assert.ok(
    told.every((event) => event.type === 'notice' && event.level === 'info'),
    JSON.stringify(told),
  )
  const status = await server.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%no_tx'")
  assert.match(status.trim(), /\t0$/, 'no commit went without an acknowledgement')
  await rig.assertSameAsSource()
  const proven = await proofOf(place)

  for (const fault of ['not-done', 'answer-lost'] as const) {
    let isWhole = false
    for (let step = 0; !isWhole; step++) {
      const copy = path.join(rig.folder, `copy-${fault}-${step}`)
      await cp(place, copy, { recursive: true, preserveTimestamps: true })
      const store = new FaultyStore(new DirectoryStore(copy))
      const source = (await Repository.open(store, { identities: [] })).source('shop')
      const crashAt = store.operations.length + step
      store.faultAt = (number) => (number === crashAt ? fault : undefined)
      try {
        // Puts together, then removes: here and in what was put together before.
        for (let run = 0; run < 2; run++)
          await source.compactSegments({ graceMs: 0, fewest: 3, mostPacks: 1 })
        isWhole = true
      } catch (error) {
        assert.ok(error instanceof InjectedFault, String(error))
      }
      assert.deepEqual(await proofOf(copy), proven, `step ${step}`)
      await rm(copy, { recursive: true })
      if (isWhole) assert.ok(step > 20, String(step))
    }
  }
})

test('a stream that catches up puts hundreds of small segments together, unless it is told not to', async () => {
  await using server = await startServer(someKind())
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(
    `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); ${insert.repeat(250)}`,
  )
  await rig.catchUp({ sealBytes: 1 })
  const place = path.join(rig.folder, 'repository')
  const packs = async () => (await rig.source.listSegments()).filter(({ pack }) => pack !== undefined).length
  const words = [
    'stream',
    server.url(),
    '--name',
    'shop',
    '--repository',
    place,
    '--spool',
    path.join(rig.folder, 'other'),
  ]
  await succeed([...words, '--until-caught-up', '--no-compact'])
  assert.equal(await packs(), 0)
  const { output } = await succeed([...words, '--until-caught-up'])
  assert.match(output, /\d+ small segments of the archive were put together into one object/)
  assert.ok((await packs()) >= 240)
  await rig.assertSameAsSource()
})

function proofOf(place: string): Promise<object> {
  const request = { access: { place, env: {} }, source: 'shop', readData: true }
  return proveArchive(request, { emit: () => undefined, signal: new AbortController().signal })
}
