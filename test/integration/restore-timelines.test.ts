import assert from 'node:assert/strict'
import { readdir, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Archive } from '../../src/archive/archive.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { isoMicros } from '../../src/core/point-text.ts'
import { proveArchive } from '../../src/operations/prove-archive.ts'
import { eventually } from '../support/archive-rig.ts'
import { holdfast } from '../support/holdfast.ts'
import { startReplica, stopReplica } from '../support/replicate.ts'
import { type RestoreRig, restoreRig } from '../support/restore-rig.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const insert = (...numbers: readonly number[]): string =>
  numbers.map((n) => `INSERT INTO d.t VALUES (${n});`).join('')

const numbers = async (server: TestServer): Promise<string> =>
  (await server.sql('SELECT GROUP_CONCAT(n ORDER BY n) FROM d.t')).trim()

const upTo = (last: number): string => Array.from({ length: last }, (_, i) => i + 1).join(',')

async function purgeOlder(server: TestServer): Promise<void> {
  await server.sql('FLUSH BINARY LOGS')
  await purgeTo(server, (await logFiles(server)).at(-1)!)
}

/** MariaDB keeps a file until what it has is on disk in tables too, and only says so in a warning. */
async function purgeTo(server: TestServer, file: string): Promise<void> {
  await eventually('nothing older is there', async () => {
    await server.sql(`PURGE BINARY LOGS TO '${file}'`)
    return (await logFiles(server))[0] === file
  })
}

async function logFiles(server: TestServer): Promise<readonly string[]> {
  return (await readdir(server.dataDir)).filter((name) => /^binlog\.\d+$/.test(name)).toSorted()
}

const prove = (rig: RestoreRig): ReturnType<typeof proveArchive> =>
  proveArchive(
    {
      access: { place: path.join(rig.archive.folder, 'repository'), env: {} },
      source: 'shop',
      readData: true,
    },
    { emit: () => undefined, signal: new AbortController().signal },
  )

eachServer('behind a failover every point is reached from a backup of the server before', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  const logging = isMysql ? [] : ['--log-slave-updates=ON']
  await using first = await startServer(kind, {
    args: ['--server-id=11'],
    users: [{ user: 'repl', password: 'Repl-1', grants: ['REPLICATION SLAVE ON *.*'] }],
  })
  await using second = await startServer(kind, { args: ['--server-id=12', '--relay-log=relay', ...logging] })
  await using rig = await restoreRig(first)
  const { archive } = rig
  // A second domain on MariaDB: its position is one number of each.
  const elsewhere = isMysql ? '' : 'SET SESSION gtid_domain_id = 7;'
  await startReplica(second, first)
  await first.sql(`CREATE DATABASE d; CREATE TABLE d.t (n INT); ${insert(1, 2)} ${elsewhere} ${insert(3)}`)
  await rig.backUp()
  await first.sql(`${insert(4, 5)} ${elsewhere} ${insert(6)}`)
  await eventually('the replica has six', async () => (await numbers(second).catch(() => '')) === upTo(6))
  // From here on the log of the second one goes: within what is archived of the first one.
  await purgeOlder(second)
  await first.sql(`${insert(7)} ${elsewhere} ${insert(8, 9)}`)
  await archive.catchUp()
  await eventually('the replica has nine', async () => (await numbers(second)) === upTo(9))
  await stopReplica(second)
  await second.sql(insert(10, 11))
  await archive.catchUp({ settings: second.settings(), sealBytes: 300 })

  const proof = await prove(rig)
  assert.deepEqual(proof.holes, [])
  assert.equal(proof.isEndReached, true)
  const [one, two] = proof.timelines.map(({ timeline }) => timeline)
  assert.deepEqual(
    proof.windows.map(({ timeline, through }) => [timeline, through?.map((each) => each.timeline)]),
    [[two, [one]]],
  )
  const told = await holdfast([
    'verify',
    'shop',
    '--archive',
    '--repository',
    path.join(archive.folder, 'repository'),
  ])
  assert.match(told.stdout, new RegExp(`from backup \\S+ on, over timelines ${one} and ${two}\\.\n`))
  const status = await holdfast([
    'status',
    'shop',
    '--json',
    '--repository',
    path.join(archive.folder, 'repository'),
  ])
  assert.equal(JSON.parse(status.stdout).sources[0].window.timeline, two)
  const open = await Archive.open(archive.source)
  const transactions = open
    .history()
    .flatMap((segment) => open.transactionsOf(segment).map((each) => ({ ...each, of: segment.timeline })))
  const last = transactions.at(-1)!
  const ofFirst = transactions.filter((each) => each.of === one)
  for (const [to, count, legs] of [
    ['latest', 11, 2],
    [`before-gtid:${last.gtid}`, 10, 2],
    [isMysql ? isoMicros(ofFirst.at(-5)!.timeMicros) : `before-gtid:${ofFirst.at(-4)!.gtid}`, 5, 1],
  ] as const) {
    const plan = await rig.plan(to)
    assert.equal(plan.replay?.legs.length, legs, to)
    await using target = await startServer(kind)
    const report = await rig.restore(plan, target)
    assert.equal(await numbers(target), upTo(count), to)
    assert.equal(report.replayed?.transactions, count - 3, to)
  }

  // Its log begins behind something that the first one never had.
  await second.sql(insert(12))
  await purgeOlder(second)
  await second.sql(insert(13))
  await archive.catchUp({ settings: second.settings(), startNewTimeline: true })
  await rm(path.join(archive.folder, 'repository', 'sources', 'shop', 'binlog', two!), { recursive: true })
  await assert.rejects(rig.plan('latest'), (error) => {
    assert.ok(isHoldfastError(error, 'ARCHIVE_GAP'), String(error))
    assert.match(
      error.message,
      /timeline 0003-\w+ at \S+ does not continue timeline 0001-\w+: timeline 0001-\w+ lacks /,
    )
    return true
  })
})

eachServer(
  'behind a lost end of the log the path goes over the file that both timelines have',
  async (kind) => {
    const isMysql = kind.startsWith('mysql')
    await using server = await startServer(kind, { args: isMysql ? ['--gtid-mode=OFF'] : [] })
    await using rig = await restoreRig(server)
    const { archive } = rig
    await server.sql(`CREATE DATABASE d; CREATE TABLE d.t (n INT); ${insert(1)}`)
    await rig.backUp()
    await server.sql(`${insert(2)} FLUSH BINARY LOGS; ${insert(3, 4)}`)
    await archive.catchUp()
    await server.kill9()
    const file = (await logFiles(server)).at(-1)!
    const open = await Archive.open(archive.source)
    const lost = open.transactionsOf(open.history().at(-1)!).at(-1)!
    await truncate(path.join(server.dataDir, file), lost.start)
    await server.restart()
    await purgeTo(server, file)
    await server.sql(insert(5))
    await archive.catchUp({ startNewTimeline: true })
    const plan = await rig.plan('latest')
    assert.equal(plan.replay?.legs.length, 2)
    await using target = await startServer(kind)
    await rig.restore(plan, target)
    assert.equal(await numbers(target), '1,2,3,5')
    assert.equal((await prove(rig)).isEndReached, true)

    // Files of the same names, created anew. MariaDB's log knows the second only: it must be a later one than that of the backup.
    await sleep(1100)
    await server.sql(isMysql ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER')
    await purgeOlder(server)
    await server.sql(insert(6))
    await archive.catchUp({ startNewTimeline: true })
    await assert.rejects(rig.plan('latest'), (error) => {
      assert.ok(isHoldfastError(error, 'ARCHIVE_GAP'), String(error))
      assert.match(
        error.message,
        /both are of one server, and binlog\.\d+, with which it begins, is not there/,
      )
      return true
    })
    assert.equal((await prove(rig)).isEndReached, false)
  },
)
