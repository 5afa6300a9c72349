// Servers whose binary log lacks some of what they change: they are named beforehand, since nothing fails later.
import assert from 'node:assert/strict'
import path from 'node:path'
import { eventually } from '../support/archive-rig.ts'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { enableSemiSync } from '../support/semi-sync.ts'
import { eachServer, type ServerKind, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const schemas = 'CREATE DATABASE kept; CREATE DATABASE lost; CREATE TABLE lost.t (id INT PRIMARY KEY);'

interface Rig extends AsyncDisposable {
  readonly stream: (server: TestServer, ...more: string[]) => readonly string[]
  readonly backup: (server: TestServer, ...more: string[]) => readonly string[]
  readonly find: (...more: string[]) => readonly string[]
}

async function newRepository(): Promise<Rig> {
  const folder = await temporaryDirectory()
  const repository = path.join(folder.path, 'repository')
  await succeed(['init', '--repository', repository, '--no-encryption'])
  return {
    stream: (server, ...more) =>
      ['stream', server.url(), '--repository', repository, '--name', 'shop'].concat(
        ['--spool', path.join(folder.path, 'spool')],
        more,
      ),
    backup: (server, ...more) =>
      ['backup', server.url(), '--repository', repository, '--name', 'shop'].concat(more),
    find: (...more) => ['binlog', 'find', 'shop', '--repository', repository, ...more],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** The message of doctor's check, which must have failed. */
async function failedCheck(server: TestServer, name: string): Promise<string> {
  const run = await holdfast(['doctor', server.url(), '--json'])
  assert.equal(run.exit, 1, run.output)
  const report: { checks: { name: string; status: string; message: string }[] } = JSON.parse(run.stdout)
  const check = report.checks.find((each) => each.name === name)
  assert.equal(check?.status, 'fail', run.output)
  return check.message
}

eachServer('a filter of the binary log is found by doctor, and stream refuses the server', async (kind) => {
  await using rig = await newRepository()
  const filters = [
    ['--binlog-ignore-db=lost', /changes in lost are not logged/],
    ['--binlog-do-db=kept', /only changes in kept are logged/],
  ] as const
  for (const [option, problem] of filters) {
    await using server = await startServer(kind, { args: [option] })
    await server.sql(schemas)
    assert.match(await failedCheck(server, 'binary log filters'), problem)
    const run = await holdfast(rig.stream(server, '--until-caught-up'))
    assertRefused(run, 22, problem)
    assert.match(run.stderr, /hint: .*binlog-ignore-db.*holdfast backup URL.*--new-timeline/)
  }
})

eachServer('a stream with --semi-sync refuses such a server before it takes anything', async (kind) => {
  await using rig = await newRepository()
  await using server = await startServer(kind, { args: ['--binlog-ignore-db=lost'] })
  await enableSemiSync(server)
  assertRefused(
    await holdfast(rig.stream(server, '--semi-sync', '--until-caught-up')),
    22,
    /changes in lost are not logged/,
  )
  assertRefused(await holdfast(rig.find()), 2, /there is no instance 'shop'/)
})

eachServer('a stream ends when its server comes back with a filter', async (kind) => {
  await using rig = await newRepository()
  await using server = await startServer(kind)
  await server.sql(schemas)
  const run = await underWay(rig.stream(server, '--json'))
  await server.restart({ args: ['--binlog-ignore-db=lost'] })
  const { exit, stdout, output } = await run.ended
  assert.equal(exit, 22, output)
  assert.match(stdout, /"code":"BINLOG_UNSUITABLE"/)
})

/** A stream that has received something. */
async function underWay(words: readonly string[]): Promise<{ readonly ended: Promise<HoldfastRun> }> {
  const begun = Promise.withResolvers<void>()
  const ended = holdfast(words, {
    onOutput: (text) => {
      if (text.includes('"type":"progress"')) begun.resolve()
    },
  })
  await Promise.race([begun.promise, ended])
  return { ended }
}

eachServer(
  'a stream ends when its server becomes a replica that does not log what it applies',
  async (kind) => {
    await using rig = await newRepository()
    await using server = await startServer(kind, { args: [updatesOff(kind)] })
    await server.sql(schemas)
    const run = await underWay(rig.stream(server, '--json', '--seal-seconds', '1'))
    // The connection stays, and nothing comes over it any more.
    await server.sql(
      server.flavour === 'mysql'
        ? "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_AUTO_POSITION = 1"
        : "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USE_GTID = slave_pos",
    )
    const { exit, stdout, output } = await run.ended
    assert.equal(exit, 22, output)
    assert.match(stdout, /"code":"BINLOG_UNSUITABLE".*what it receives from its source is not logged/)
  },
)

function updatesOff(kind: ServerKind): string {
  return kind.startsWith('mysql') ? '--log-replica-updates=OFF' : '--log-slave-updates=OFF'
}

eachServer('a replica that does not log what it applies is refused, running or not', async (kind) => {
  await using rig = await newRepository()
  await using source = await startServer(kind, { users: [replicationUser] })
  await using replica = await startServer(kind, {
    args: [updatesOff(kind)],
    users: [{ user: 'streamer', password: 'p', grants: [streamGrants[source.flavour]] }],
  })
  await replicate(source, replica)

  const notLogged = /replica with log_(slave|replica)_updates = OFF/
  assert.match(await failedCheck(replica, 'replicated changes'), notLogged)
  const stream = rig.stream(replica, '--until-caught-up')
  assertRefused(await holdfast(stream), 22, notLogged)
  const asStreamer = rig.stream(replica, '--until-caught-up', '--user', 'streamer')
  const login = { env: { MYSQL_PWD: 'p' } }
  assertRefused(await holdfast(asStreamer, login), 22, notLogged)
  const backup = await holdfast(rig.backup(replica))
  assert.equal(backup.exit, 3, backup.output)
  assert.match(backup.stderr, /warning: .*cannot bring back all that comes after this backup: .*replica with/)
  await replica.sql(replica.flavour === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE')
  assertRefused(await holdfast(stream), 22, notLogged)
  if (replica.flavour === 'mysql') return
  // The account cannot see a replica that stands still; that it may be one is told.
  const unseen =
    /log_slave_updates = OFF, and whether this is a replica, .* is not to be seen with this account/
  const streamed = await holdfast(asStreamer, login)
  assert.equal(streamed.exit, 3, streamed.output)
  assert.match(streamed.stderr, unseen)
  await replica.sql('GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON *.* TO streamer')
  const blind = await holdfast(rig.backup(replica, '--user', 'streamer'), login)
  assert.match(blind.stderr, unseen)
})

eachServer('a replica that logs what it applies is streamed as any other server', async (kind) => {
  await using rig = await newRepository()
  await using source = await startServer(kind, { users: [replicationUser] })
  await using replica = await startServer(kind, {
    args: [kind.startsWith('mysql') ? '--log-replica-updates=ON' : '--log-slave-updates=ON'],
  })
  await replicate(source, replica)
  await succeed(rig.stream(replica, '--until-caught-up'))
  const { stdout } = await succeed(rig.find('--table', 'lost.t', '--kind', 'insert'))
  assert.match(stdout, /lost\.t: 1 inserted/)
})

const replicationUser = { user: 'repl', password: 'repl', grants: ['REPLICATION SLAVE ON *.*'] }

// No more than streaming needs: on MariaDB not enough to see a replica that stands still.
const streamGrants = {
  mysql: 'REPLICATION SLAVE, REPLICATION CLIENT ON *.*',
  mariadb: 'REPLICATION SLAVE, BINLOG MONITOR ON *.*',
}

/** Makes `replica` one of `source`, and waits for a row that comes that way. */
async function replicate(source: TestServer, replica: TestServer): Promise<void> {
  const { host, port } = source
  const start = {
    mysql: `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host}', SOURCE_PORT = ${port}, SOURCE_USER = 'repl',
      SOURCE_PASSWORD = 'repl', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA`,
    mariadb: `CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = 'repl',
      MASTER_PASSWORD = 'repl', MASTER_USE_GTID = slave_pos; START SLAVE`,
  }
  await replica.sql(start[replica.flavour])
  await source.sql(`${schemas} INSERT INTO lost.t VALUES (1)`)
  await eventually('the row is on the replica', async () => {
    const found = await replica.sql(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'lost'",
    )
    return found === '1\n' && (await replica.sql('SELECT COUNT(*) FROM lost.t')) === '1\n'
  })
}
