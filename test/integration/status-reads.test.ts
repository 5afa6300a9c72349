// How much of a repository `holdfast status` reads does not grow with its archive.
import assert from 'node:assert/strict'
import path from 'node:path'
import { Archive } from '../../src/archive/archive.ts'
import { readNewestHistory } from '../../src/operations/newest-window.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { FaultyStore } from '../../src/storage/faulty-store.ts'
import { restoreRig } from '../support/restore-rig.ts'
import { eachServer, startServer } from '../support/servers.ts'

const insert = "INSERT INTO d.t (v) VALUES ('x');"

eachServer(
  'the newest window is found with a few reads of many segments, and is the one that a proof finds',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await restoreRig(server)
    const { archive } = rig
    await server.sql(
      `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); ${insert.repeat(40)}`,
    )
    await rig.backUp()
    await server.sql(`${insert.repeat(20)} FLUSH BINARY LOGS; ${insert.repeat(100)}`)
    await archive.catchUp({ sealBytes: 1 })
    const store = new FaultyStore(new DirectoryStore(path.join(archive.folder, 'repository')))
    const source = (await Repository.open(store, { identities: [] })).source('shop')
    const ids = async () => (await source.listBackups()).map(({ id }) => id)
    const before = await ids()
    const from = store.operations.length
    const { window, lastArrivalMillis } = await readNewestHistory(
      source,
      before,
      new AbortController().signal,
    )
    const operations = store.operations.slice(from)
    const open = await Archive.open(source)
    const last = open.segments.at(-1)!.index
    assert.ok(open.segments.length > 150, String(open.segments.length))
    assert.ok(operations.length < 40, `${operations.length} operations`)
    assert.equal(window?.backup, before[0])
    assert.deepEqual(window?.to.position, { file: last.file, offset: last.end })
    assert.equal(window?.timeline, last.timeline)
    assert.equal(lastArrivalMillis, last.lastArrivalMillis)

    // A backup that the archive has not come up to yet: the one before it still tells.
    await server.sql(insert)
    await rig.backUp()
    const now = await ids()
    assert.equal(now.length, 2)
    const behind = await readNewestHistory(source, now, new AbortController().signal)
    assert.equal(behind.window?.backup, now[0])

    // Numbers that are missing part what is there.
    const [lost] = open.segments.slice(-3)
    await store.delete([lost!.ref.key])
    assert.equal((await readNewestHistory(source, now, new AbortController().signal)).window, undefined)
  },
)
