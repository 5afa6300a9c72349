// No commit that a client saw succeed is lost, whoever dies: the source is told only of what is safe, and of all that is.
import assert from 'node:assert/strict'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSemiSync } from '../../src/instance/semi-sync.ts'
import { doctorInstance } from '../../src/operations/doctor-instance.ts'
import { SemiSyncFallback } from '../../src/operations/semi-sync-fallback.ts'
import { Connection } from '../../src/wire/connection.ts'
import { archiveRig, eventually, puttingBy } from '../support/archive-rig.ts'
import { commitTable, enableSemiSync, KeptCommits } from '../support/semi-sync.ts'
import { killInTurn } from '../support/semi-sync-kills.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

eachServer('a commit that a client saw is kept when the source or the archiver is killed', (kind) =>
  killInTurn(kind, 4),
)

eachServer(
  'a commit that was made durable by a run that could not tell is acknowledged by the next',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await archiveRig(server)
    await server.sql(commitTable)
    await enableSemiSync(server)
    await using connection = await Connection.open(server.settings())
    const commit = connection.run("INSERT INTO d.c VALUES ('only')")
    const isCommitted = () => Promise.race([commit.then(() => true), sleep(0, false)])
    // Archived by a replica that the source does not wait for.
    await eventually('the commit is in the archive', async () => {
      await rig.catchUp()
      return (await rig.source.listSegments()).length > 0
    })
    await rig.catchUp()
    assert.equal(await isCommitted(), false)
    const { stop, done } = rig.stream({ acknowledgeAfter: 'spool' })
    await commit
    stop.abort()
    assert.equal((await done).acknowledged?.commits.count, 1)
  },
)

test('after the repository nothing is acknowledged before it is stored, also of what an earlier run had spooled', async () => {
  // MariaDB would not tell an archiver that does not acknowledge where its log ends, as long as the commits wait.
  await using server = await startServer('mysql-9.7')
  await using rig = await archiveRig(server)
  await server.sql(commitTable)
  await rig.catchUp()
  await enableSemiSync(server)
  const returned: string[] = []
  const commit = async (token: string) => {
    await using connection = await Connection.open(server.settings())
    await connection.run(`INSERT INTO d.c VALUES ('${token}')`)
    returned.push(token)
  }
  const commits: Promise<void>[] = []
  for (const token of ['<1-1>', '<1-2>']) {
    commits.push(commit(token))
    await eventually('it is in the log', async () => (await logText(server)).includes(token))
  }
  const reachable = Promise.withResolvers<void>()
  const away = puttingBy(rig.source, async (...segment) => {
    await reachable.promise
    return rig.source.putSegment(...segment)
  })
  // Takes both into the spool, and never gets as far as the repository.
  await assert.rejects(
    rig.catchUp({ source: puttingBy(rig.source, () => Promise.reject(new Error('away'))) }),
    /away/,
  )
  const { stop, done } = rig.stream({ source: away, acknowledgeAfter: 'repository' })
  await sleep(700)
  assert.deepEqual(returned, [])
  reachable.resolve()
  await Promise.all(commits)
  stop.abort()
  await done
  assert.deepEqual([...(await new KeptCommits(rig).inRepository())].toSorted(), ['<1-1>', '<1-2>'])
})

test('nothing is acknowledged while the disk hangs, and all that has come meanwhile at once', async (context) => {
  await using server = await startServer('mysql-9.7')
  await using rig = await archiveRig(server)
  await server.sql(commitTable)
  await enableSemiSync(server)
  const disk = await hangingDisk()
  context.after(disk.restore)
  const { stop, done } = rig.stream({ acknowledgeAfter: 'spool' })
  await eventually('a semi-synchronous replica is there', async () =>
    (await server.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_clients'")).trim().endsWith('\t1'),
  )
  const tokens = Array.from({ length: 8 }, (_, client) => `<${client}-1>`)
  const connections = await Promise.all(tokens.map(() => Connection.open(server.settings())))
  context.after(() => {
    for (const connection of connections) connection.destroy()
  })
  disk.hang()
  const returned: string[] = []
  const commits = connections.map(async (connection, client) => {
    await connection.run(`INSERT INTO d.c VALUES ('${tokens[client]}')`)
    returned.push(tokens[client] ?? '')
  })
  await eventually('the source has sent all', async () => {
    const log = await logText(server)
    return (
      tokens.every((token) => log.includes(token)) &&
      /has sent all binlog/.test(await server.sql('SHOW PROCESSLIST'))
    )
  })
  await sleep(300)
  assert.equal(disk.waiting, 1)
  assert.deepEqual(returned, [])
  disk.release()
  await Promise.all(commits)
  stop.abort()
  const { acknowledged } = await done
  // One for what the disk hung on, one for all that came meanwhile; one more for an event that was on its way.
  assert.ok(acknowledged !== undefined && acknowledged.sent <= 3, `${acknowledged?.sent} acknowledgements`)
  assert.ok(acknowledged.commits.maxMs >= 300, 'the wait is measured')
})

eachServer('a source that falls back is told of, and so is its return', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(commitTable)
  await enableSemiSync(server)
  await using connection = await Connection.open(server.settings())
  const told: string[] = []
  const fallback = new SemiSyncFallback((event) => {
    if (event.type === 'notice') told.push(event.message)
  })
  const look = async () => fallback.note(await readSemiSync(connection, {}))
  await look()
  assert.deepEqual(told, [])
  // Nobody acknowledges, and the source does not wait for long.
  await server.sql(
    `SET GLOBAL rpl_semi_sync_${server.flavour === 'mysql' ? 'source' : 'master'}_timeout = 50`,
  )
  await server.sql("INSERT INTO d.c VALUES ('<1-1>'); INSERT INTO d.c VALUES ('<1-2>')")
  await look()
  assert.match(told[0] ?? '', /^the source has fallen back to asynchronous replication/)
  const { stop, done } = rig.stream({ acknowledgeAfter: 'spool' })
  await eventually('the source waits again', async () => {
    await look()
    return told.length > 1
  })
  assert.match(told[1] ?? '', /^the source waits for the archive again; 2 commits went without/)
  stop.abort()
  await done
})

function logText(server: TestServer): Promise<string> {
  return readFile(path.join(server.dataDir, 'binlog.000001'), 'latin1')
}

/** Every fdatasync of this process waits from `hang` on until `release`. */
async function hangingDisk() {
  await using probe = await open('/dev/null')
  const prototype: Pick<FileHandle, 'datasync'> = Object.getPrototypeOf(probe)
  const { datasync } = prototype
  let gate: PromiseWithResolvers<void> | undefined
  let waiting = 0
  prototype.datasync = async function (this: FileHandle) {
    if (gate !== undefined) {
      waiting++
      await gate.promise
      waiting--
    }
    return datasync.call(this)
  }
  const release = () => {
    gate?.resolve()
    gate = undefined
  }
  return {
    hang: () => {
      gate = Promise.withResolvers()
    },
    release,
    get waiting() {
      return waiting
    },
    restore: () => {
      release()
      prototype.datasync = datasync
    },
  }
}

test('a server that answers nothing since its commits wait for nobody is given up with what to do', async () => {
  await using server = await startServer('mariadb-10.11')
  await using rig = await archiveRig(server)
  await server.sql(commitTable)
  await enableSemiSync(server)
  const release = await stallCommits(server)
  const stalled = { code: 'SERVER_TIMEOUT', hint: /stream --semi-sync.*rpl_semi_sync_master_timeout/ }
  const { signal } = new AbortController()
  await Promise.all([
    assert.rejects(doctorInstance(server.settings(), { isSemiSyncWanted: false, signal }), stalled),
    assert.rejects(rig.catchUp(), stalled),
  ])
  await release()
})

test('an archiver that comes back to a server that answers nothing waits until it does', async (context) => {
  await using server = await startServer('mariadb-10.11')
  await using rig = await archiveRig(server)
  await server.sql(commitTable)
  const { stop, done } = rig.stream({
    refuse: async (connection) => void (await connection.query('SHOW MASTER STATUS')),
  })
  context.after(() => stop.abort())
  const outcome = done.then(
    () => 'stopped',
    (error: unknown) => String(error),
  )
  const dump = "SELECT id FROM information_schema.processlist WHERE command = 'Binlog Dump'"
  await eventually('it streams', async () => (await server.sql(dump)).trim() !== '')
  await enableSemiSync(server)
  const release = await stallCommits(server)
  await server.sql(`KILL ${(await server.sql(dump)).trim()}`)
  const isTold = () =>
    rig.events.some(
      (event) => event.type === 'notice' && /waits? for a replica .*; trying again$/.test(event.message),
    )
  const ended = outcome.then((text) => assert.fail(`it ended: ${text}`))
  await Promise.race([eventually('that is told', isTold, 30), ended])
  await release()
  await Promise.race([
    eventually('it streams again', async () => (await server.sql(dump)).trim() !== '', 60),
    ended,
  ])
  ended.catch(() => undefined)
  stop.abort()
  assert.equal(await outcome, 'stopped')
  await rig.assertSameAsSource()
})

/** Two commits that wait for nobody, the second one with the lock of the log. Answers what gives them up. */
async function stallCommits(server: TestServer): Promise<() => Promise<void>> {
  const connections = await Promise.all([1, 2].map(() => Connection.open(server.settings())))
  const commits: Promise<unknown>[] = []
  const insert = (number: number) => {
    commits.push(connections[number]!.run(`INSERT INTO d.c VALUES ('<${number}-1>')`).catch(() => undefined))
  }
  insert(0)
  await eventually('the first one waits', async () =>
    (await server.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_wait_sessions'")).trim().endsWith('\t1'),
  )
  // The second one waits with the lock of the log.
  insert(1)
  const probes: Connection[] = []
  await eventually('nobody can ask for the log', async () => {
    const probe = await Connection.open(server.settings())
    probes.push(probe)
    const asked = probe.query('SHOW MASTER STATUS').then(
      () => true,
      () => true,
    )
    return !(await Promise.race([asked, sleep(2000, false)]))
  })
  return async () => {
    await server.sql('SET GLOBAL rpl_semi_sync_master_enabled = OFF')
    for (const connection of [...connections, ...probes]) connection.destroy()
    await Promise.all(commits)
  }
}
