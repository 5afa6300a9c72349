import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Archive } from '../../src/archive/archive.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Connection } from '../../src/wire/connection.ts'
import { numberOf } from '../../src/wire/row-values.ts'
import { type RestoreRig, restoreRig } from '../support/restore-rig.ts'
import { eachServer, type ServerKind, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { StatementProxy } from '../support/statement-proxy.ts'

const transactions = 6000

/** Small transactions into a table that would take each of them twice, with a statement of its own every now and then. */
async function makeHistory(server: TestServer, rig: RestoreRig): Promise<void> {
  await server.sql(
    'CREATE DATABASE d; CREATE TABLE d.once (n INT) ENGINE=InnoDB; CREATE TABLE d.c (id INT PRIMARY KEY, n INT); INSERT INTO d.c VALUES (1, 0);',
  )
  await rig.backUp()
  await using connection = await Connection.open(server.settings())
  await connection.setMultiStatements(true)
  await using pipeline = connection.openPipeline({ windowBytes: 1 << 20, windowStatements: 100 })
  for (let n = 1; n <= transactions; n++) {
    await pipeline.send(`BEGIN; INSERT INTO d.once VALUES (${n}); UPDATE d.c SET n = n + 1; COMMIT`)
    if (n % 500 === 0) await pipeline.send(`CREATE TABLE d.t${n} (a INT)`)
    if (n % 700 === 0)
      await pipeline.send(`ALTER TABLE d.c ${n % 1400 === 0 ? 'DROP COLUMN x' : 'ADD COLUMN x INT'}`)
  }
  await pipeline.flush()
  await rig.archive.catchUp()
}

async function assertExactlyOnce(source: TestServer, target: TestServer): Promise<void> {
  const sums = 'SELECT COUNT(*), COUNT(DISTINCT n), SUM(n), (SELECT n FROM d.c) FROM d.once'
  assert.equal(await target.sql(sums), await source.sql(sums))
  const tables = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'd' ORDER BY 1"
  assert.equal(await target.sql(tables), await source.sql(tables))
}

/** Without the table there is nothing yet. */
async function replayed(connection: Connection): Promise<number> {
  const [row] = await connection.query(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'd' AND table_name = 'once'",
  )
  if (row === undefined) return 0
  const [count = {}] = await connection.query('SELECT COUNT(*) AS count FROM d.once')
  return numberOf(count, 'count')
}

for (const log of ['with', 'without'] as const) {
  eachServer(
    `a restore killed again and again applies each transaction once, ${log} a log on the target`,
    async (kind) => {
      await using source = await startServer(kind)
      await using rig = await restoreRig(source)
      await makeHistory(source, rig)
      await using target = await startServer(kind, { log_bin: log === 'with' })
      await using watch = await Connection.open(target.settings())
      let kills = 0
      for (let reached = 0; kills < 6; ) {
        const wanted = reached + 300 + Math.floor(Math.random() * 600)
        const kill = new AbortController()
        const run = rig.restoreInProcess('latest', target, kill.signal)
        while (!kill.signal.aborted) {
          await sleep(20)
          if ((await replayed(watch)) >= wanted) kill.abort()
        }
        const { code, output } = await run
        assert.equal(code, null, `it ended before it was killed: ${output}`)
        kills++
        reached = await replayed(watch)
      }
      const last = await rig.restoreInProcess('latest', target)
      assert.equal(last.code, 0, last.output)
      assert.match(last.output, /"isContinued":true/)
      await assertExactlyOnce(source, target)
    },
  )

  eachServer(`a target that is killed in the replay goes on exactly there, ${log} a log`, async (kind) => {
    await using source = await startServer(kind)
    await using rig = await restoreRig(source)
    await makeHistory(source, rig)
    await using target = await startServer(kind, { log_bin: log === 'with', durable: true })
    for (let kills = 0; kills < 3; kills++) {
      await using watch = await Connection.open(target.settings())
      const wanted = (await replayed(watch)) + 300 + Math.floor(Math.random() * 600)
      const state = { hasEnded: false }
      const run = rig.restoreInProcess('latest', target).finally(() => (state.hasEnded = true))
      while (!state.hasEnded && (await replayed(watch)) < wanted) await sleep(20)
      await target.kill9()
      const { code, output } = await run
      assert.equal(code, 1, output)
      assert.match(output, /CONNECTION_LOST/)
      await target.restart()
    }
    const last = await rig.restoreInProcess('latest', target)
    assert.equal(last.code, 0, last.output)
    await assertExactlyOnce(source, target)
  })
}

const someRows = 'CREATE DATABASE d; CREATE TABLE d.t (a INT); INSERT INTO d.t VALUES (1)'

function withoutGtids(kind: ServerKind) {
  return kind.startsWith('mysql') ? { args: ['--enforce-gtid-consistency=OFF', '--gtid-mode=OFF'] } : {}
}

/** Restores to `to`, and answers what it warns of. */
async function warningsOf(rig: RestoreRig, to: string, target: TestServer): Promise<readonly string[]> {
  const warnings: string[] = []
  await rig.restore(await rig.plan(to), target, {
    emit: (event) => {
      if (event.type === 'notice' && event.level === 'warning') warnings.push(event.message)
    },
  })
  return warnings
}

eachServer('what a continued restore cannot tell of its target is said, and nothing else', async (kind) => {
  await using source = await startServer(kind)
  await using rig = await restoreRig(source)
  await source.sql('CREATE DATABASE d; CREATE TABLE d.t (a INT)')
  await rig.backUp()
  await source.sql('INSERT INTO d.t VALUES (1); CREATE TABLE d.late (a INT); INSERT INTO d.late VALUES (2)')
  await rig.archive.catchUp()
  const archive = await Archive.open(rig.archive.source)
  const gtids = archive
    .history()
    .flatMap((segment) => archive.transactionsOf(segment).map(({ gtid }) => gtid))
  const created = gtids.at(-2)

  await using target = await startServer(kind)
  assert.deepEqual(await warningsOf(rig, 'backup', target), [])
  // From the very base on nothing can have been left out.
  assert.deepEqual(await warningsOf(rig, `before-gtid:${created}`, target), [])
  const isMariadb = source.flavour === 'mariadb'
  // MariaDB keeps a statement that makes a table and its GTID apart: a crash may leave the one without the other.
  if (isMariadb) await target.sql('SET sql_log_bin = 0; CREATE TABLE d.late (a INT)')
  const warnings = await warningsOf(rig, 'latest', target)
  assert.equal(warnings.length, isMariadb ? 2 : 0, warnings.join('\n'))
  if (isMariadb) {
    assert.match(warnings[0] ?? '', new RegExp(`^going on at GTID ${gtids.at(-3)}, .*same --skip-gtid$`))
    assert.match(
      warnings[1] ?? '',
      new RegExp(`^transaction ${created} at .* taken to have been applied .*1050`),
    )
  }
  assert.equal(await target.sql('SELECT a FROM d.t; SELECT a FROM d.late'), '1\n2\n')
})

eachServer('a restore without GTIDs that was killed when its base was there is completed', async (kind) => {
  await using source = await startServer(kind, { log_bin: false, ...withoutGtids(kind), sql: someRows })
  await using rig = await restoreRig(source)
  await rig.backUp()
  const plan = await rig.plan('backup')
  assert.equal(plan.base.point.gtid, undefined)
  await using target = await startServer(kind)
  await using proxy = await StatementProxy.open(
    target.port,
    (passing) => passing.kind === 'command' && /^DROP DATABASE.*holdfast_restore/.test(passing.text),
  )
  const through = { ...target, settings: () => ({ ...target.settings(), port: proxy.port }) }
  await assert.rejects(rig.restore(plan, through), (error) => isHoldfastError(error, 'CONNECTION_LOST'))
  const { isContinued, loaded } = await rig.restore(plan, target)
  assert.deepEqual([isContinued, loaded], [true, undefined])
  assert.equal(await target.sql("SELECT a FROM d.t; SHOW DATABASES LIKE 'holdfast%'"), '1\n')
  // Without what it noted nobody knows what these schemas are.
  await assert.rejects(rig.restore(plan, target), (error) => isHoldfastError(error, 'TARGET_NOT_EMPTY'))
})

eachServer(
  'a replay without GTIDs that was cut in its middle is not taken for one to be begun',
  async (kind) => {
    await using source = await startServer(kind, withoutGtids(kind))
    await source.sql('CREATE DATABASE d; CREATE TABLE d.t (a INT) ENGINE=InnoDB; INSERT INTO d.t VALUES (1)')
    // Its log is as good as none until the first transaction: the position that a backup is of is empty.
    if (source.flavour === 'mariadb') await source.sql('RESET MASTER')
    await using rig = await restoreRig(source)
    await rig.backUp()
    await source.sql('INSERT INTO d.t VALUES (2); INSERT INTO d.t VALUES (3)')
    await rig.archive.catchUp()
    const plan = await rig.plan('latest')
    await using target = await startServer(kind)
    let sent = 0
    await using proxy = await StatementProxy.open(target.port, (passing) => {
      if (passing.kind === 'command' && /START TRANSACTION;/.test(passing.text)) sent += 1
      return sent === 2
    })
    const through = { ...target, settings: () => ({ ...target.settings(), port: proxy.port }) }
    await assert.rejects(rig.restore(plan, through), (error) => isHoldfastError(error, 'CONNECTION_LOST'))
    const rows = 'SELECT COUNT(*), COUNT(DISTINCT a) FROM d.t'
    assert.equal(await target.sql(rows), '2\t2\n', 'the first transaction is there, the second is not')
    await assert.rejects(rig.restore(plan, target), (error) => isHoldfastError(error, 'TARGET_NOT_EMPTY'))
    assert.equal(await target.sql(rows), '2\t2\n')
  },
)

for (const kind of testedKinds.filter((one) => one.startsWith('mysql'))) {
  test(`a replay goes on from a base whose schemas are READ ONLY (${kind})`, async () => {
    await using source = await startServer(kind)
    await using rig = await restoreRig(source)
    await source.sql(`${someRows}; ALTER DATABASE d READ ONLY = 1`)
    await rig.backUp()
    await source.sql('ALTER DATABASE d READ ONLY = 0; INSERT INTO d.t VALUES (2)')
    await rig.archive.catchUp()
    await using target = await startServer(kind)
    assert.deepEqual(await warningsOf(rig, 'backup', target), [])
    assert.match(await target.sql('SHOW CREATE DATABASE d'), /READ ONLY = 1/)
    const executed = await target.sql('SELECT @@gtid_executed')
    assert.deepEqual(await warningsOf(rig, 'latest', target), [
      'schema d was READ ONLY in the backup, and is not, for what is replayed may write to it: ALTER DATABASE `d` READ ONLY = 1',
    ])
    assert.equal(await target.sql('SELECT a FROM d.t ORDER BY a'), '1\n2\n')
    const [to] = (await source.sql('SELECT @@gtid_executed')).split('\n')
    assert.notEqual(executed, `${to}\n`)
    assert.equal(await target.sql('SELECT @@gtid_executed'), `${to}\n`, 'nothing of our own in its log')
  })
}
