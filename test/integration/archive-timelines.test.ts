import assert from 'node:assert/strict'
import { readdir, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { Archive } from '../../src/archive/archive.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { decodeTransactions } from '../../src/core/segment-index.ts'
import { proveArchive } from '../../src/operations/prove-archive.ts'
import { eventually } from '../support/archive-rig.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { holdfast } from '../support/holdfast.ts'
import { startReplica, stopReplica } from '../support/replicate.ts'
import { type RestoreRig, restoreRig } from '../support/restore-rig.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

const insert = "INSERT INTO d.t (v) VALUES ('x');"

const rows = async (server: TestServer): Promise<number> =>
  Number(await server.sql('SELECT COUNT(*) FROM d.t'))

async function timelines(rig: RestoreRig): Promise<readonly string[]> {
  return (await Archive.open(rig.archive.source)).timelines()
}

const told = (rig: RestoreRig, words: RegExp): boolean =>
  rig.archive.events.some((event) => event.type === 'notice' && words.test(event.message))

const prove = (rig: RestoreRig): ReturnType<typeof proveArchive> =>
  proveArchive(
    {
      access: { place: path.join(rig.archive.folder, 'repository'), env: {} },
      source: 'shop',
      readData: true,
    },
    { emit: () => undefined, signal: new AbortController().signal },
  )

eachServer('each break in the history of a server continues or opens the right timeline', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  const logging = isMysql ? [] : ['--log-slave-updates=ON']
  await using first = await startServer(kind, {
    args: ['--server-id=11'],
    users: [{ user: 'repl', password: 'Repl-1', grants: ['REPLICATION SLAVE ON *.*'] }],
  })
  await using second = await startServer(kind, { args: ['--server-id=12', '--relay-log=relay', ...logging] })
  await using restored = await startServer(kind, { args: ['--server-id=13'] })
  await using rig = await restoreRig(first)
  const { archive } = rig
  await startReplica(second, first)
  await first.sql(
    `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); ${insert.repeat(5)}`,
  )
  await rig.backUp()
  await first.sql(insert.repeat(5))
  await archive.catchUp()
  assert.ok(
    told(rig, /timeline 0001-\w+ begins with binlog\.000001, the oldest binary log file that the source has/),
  )
  await eventually('the replica has it', async () => (await rows(second).catch(() => 0)) === 10)

  // Failover: the replica has all that is archived, and more.
  await stopReplica(second)
  await second.sql(insert)
  await archive.catchUp({ settings: second.settings() })
  assert.equal((await timelines(rig)).length, 2)
  assert.ok(
    told(
      rig,
      /server \S+.* took over from .*, with everything that was archived: timeline 0001-\w+ ends here, and timeline 0002-/,
    ),
  )
  const failedOver = await prove(rig)
  assert.deepEqual(failedOver.holes, [])
  assert.equal(failedOver.isEndReached, true, 'from the backup of the first server to the end of the second')

  // The first server has gone on by itself and lacks what the second one did.
  await first.sql(insert)
  await assert.rejects(archive.catchUp(), (error) => {
    assert.ok(isHoldfastError(error, 'ARCHIVE_DIVERGED'), String(error))
    assert.match(
      error.message,
      isMysql ? /lacks of what is archived: [0-9a-f-]{36}:1$/ : /lacks of what is archived: 0-12-\d+$/,
    )
    return true
  })
  assert.equal((await timelines(rig)).length, 2)

  // A restored server goes on where the archive ends.
  await rig.restore(await rig.plan('latest'), restored)
  assert.equal(await rows(restored), 11)
  await restored.sql(insert)
  await archive.catchUp({ settings: restored.settings() })
  const names = await timelines(rig)
  assert.equal(names.length, 3)

  // It loses the end of its log in a crash. The file that the crash leaves is the last one that is archived.
  await restored.sql(insert.repeat(3))
  await archive.catchUp({ settings: restored.settings() })
  await restored.kill9()
  const files = (await readdir(restored.dataDir)).filter((name) => /^binlog\.\d+$/.test(name)).toSorted()
  const file = files.at(-1)!
  const open = await Archive.open(archive.source)
  const last = open.transactionsOf(open.history().at(-1)!).at(-1)!
  await truncate(path.join(restored.dataDir, file), last.start)
  await restored.restart()
  await restored.sql(insert)
  await assert.rejects(archive.catchUp({ settings: restored.settings() }), (error) => {
    assert.ok(isHoldfastError(error, 'ARCHIVE_DIVERGED'), String(error))
    assert.match(
      error.message,
      /came back shorter: its binlog\.\d+ ends at \d+, and up to binlog\.\d+:\d+ was archived/,
    )
    return true
  })
  await archive.catchUp({ settings: restored.settings(), startNewTimeline: true })

  const drawn = await holdfast([
    'timeline',
    'shop',
    '--repository',
    path.join(archive.folder, 'repository'),
    '--width',
    '80',
  ])
  assert.match(drawn.stdout, /^shop: 1 backup, 4 timelines, 0 holes\n/)
  assert.match(drawn.stdout, /\nbackups +B/)
  for (const name of names) assert.match(drawn.stdout, new RegExp(`\\n${name} +[-=]+\\n`))
  assert.match(drawn.stdout, /=\n/)
  assert.match(
    drawn.stdout,
    /0002-\w+: .*; began: .* took over from .*, with everything that was archived\.\n/,
  )
  assert.match(drawn.stdout, /0004-\w+: .*; began: asked for, with the same server as before\.\n/)

  // One name, two files: neither has taken the place of the other.
  const after = await Archive.open(archive.source)
  assert.equal(new Set(after.timelines()).size, 4)
  const size = async (timeline: string): Promise<number> =>
    (await after.exportFile(file, () => undefined, { timeline })).bytes
  assert.equal(await size(after.timelines()[3]!), last.start)
  assert.ok((await size(after.timelines()[2]!)) >= last.end)
  assert.deepEqual((await prove(rig)).holes, [])

  // The end of an older timeline is missed as well, for the next one names it.
  const folder = path.join(archive.folder, 'repository', 'sources', 'shop', 'binlog', names[0]!)
  const segments = (await readdir(folder)).toSorted()
  await rm(path.join(folder, segments.at(-1)!))
  const { holes } = await prove(rig)
  assert.deepEqual(
    holes.map(({ timeline, kind: what }) => [timeline, what]),
    [[names[0], 'damage']],
  )
  assert.match(holes[0]?.cause ?? '', /missing, .*which timeline 0002-\w+ began after/)
})

for (const kind of testedKinds.filter((name) => name !== 'mariadb-10.11')) {
  test(`an archiver that runs goes over to the server that took over, and to no other (${kind})`, async (context) => {
    const logging = kind.startsWith('mysql') ? [] : ['--log-slave-updates=ON']
    await using first = await startServer(kind, {
      args: ['--server-id=11'],
      users: [{ user: 'repl', password: 'Repl-1', grants: ['REPLICATION SLAVE ON *.*'] }],
    })
    await using second = await startServer(kind, {
      args: ['--server-id=12', '--relay-log=relay', ...logging],
    })
    await using unrelated = await startServer(kind, { args: ['--server-id=13'] })
    await using rig = await restoreRig(first)
    await using address = await CuttingProxy.open(first.port, () => Infinity)
    await startReplica(second, first)
    await first.sql(
      `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT); ${insert.repeat(5)}`,
    )
    await rig.backUp()
    const settings = { ...first.settings(), port: address.port }
    const { stop, done } = rig.archive.stream({ settings, sealAfterMs: 100 })
    context.after(() => stop.abort())
    const outcome = done.then(
      () => 'stopped',
      (error: unknown) => error,
    )
    await eventually('the replica has it', async () => (await rows(second).catch(() => 0)) === 5)
    await eventually('all of it is archived', async () => (await archivedInserts(rig)) === 5)

    await first.kill9()
    await stopReplica(second)
    await second.sql(insert.repeat(3))
    address.turnTo(second.port)
    await eventually('the archiver has gone over', async () => (await timelines(rig)).length === 2, 30)
    await second.sql(insert.repeat(3))
    await eventually('what followed is archived', async () => (await archivedInserts(rig)) === 5 + 11)
    const proof = await prove(rig)
    assert.deepEqual(proof.holes, [])
    assert.equal(proof.isEndReached, true)

    await unrelated.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)')
    address.turnTo(unrelated.port)
    const error = await outcome
    assert.ok(isHoldfastError(error, 'ARCHIVE_DIVERGED', 'SOURCE_MISMATCH'), String(error))
    assert.equal((await timelines(rig)).length, 2)
  })
}

/** Inserts, each a transaction; of a server that took over also those that it has of the one before. */
async function archivedInserts(rig: RestoreRig): Promise<number> {
  const { segments } = await Archive.open(rig.archive.source)
  return segments.flatMap(({ index }) => decodeTransactions(index)).filter(({ kind }) => kind === 'dml')
    .length
}
