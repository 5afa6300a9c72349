import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { Archive } from '../../src/archive/archive.ts'
import { proveArchive } from '../../src/operations/prove-archive.ts'
import { archiveRig } from '../support/archive-rig.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
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
  const prove = async (): Promise<object> => {
    const request = { access: { place, env: {} }, source: 'shop', readData: true }
    return proveArchive(request, { emit: () => undefined, signal: new AbortController().signal })
  }
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
