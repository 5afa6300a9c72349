import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import { applyTransactions } from '../../src/recovery/apply/apply-transactions.ts'
import type { ArchivedTransaction } from '../../src/recovery/apply/replay-failure.ts'
import { inspectTarget } from '../../src/recovery/apply/replay-target.ts'
import { Connection } from '../../src/wire/connection.ts'
import { loggedTransactions } from '../support/binlog-files.ts'
import { makeDiverseHistory } from '../support/diverse-history.ts'
import { describeContents } from '../support/server-contents.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

async function replay(
  transactions: AsyncIterable<ArchivedTransaction>,
  target: TestServer,
  { isContinued = false } = {},
): Promise<number> {
  await using control = await Connection.open(target.settings())
  await using connection = await Connection.open(target.settings())
  const { dialect, toleratedAtFirst, preparedXids } = await inspectTarget(control, {})
  const first = isContinued ? { toleratedAtFirst, preparedXids } : {}
  const report = await applyTransactions({ connection, dialect, transactions, ...first })
  return report.transactions
}

const executed = { mysql: '@@GLOBAL.gtid_executed', mariadb: '@@GLOBAL.gtid_binlog_pos' }

eachServer('replaying a whole history gives the same data, definitions, accounts and GTIDs', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  await makeDiverseHistory(source)
  const count = await replay(loggedTransactions(source), target)
  assert.ok(count > 150, `only ${count} transactions`)
  assert.deepEqual(await describeContents(target), await describeContents(source))
  const state = `SELECT ${executed[source.flavour]}`
  assert.equal(await target.sql(state), await source.sql(state))
})

// A value must fit into a tenth of the redo log.
const large = [
  '--max-allowed-packet=128M',
  '--loose-innodb-log-file-size=512M',
  '--loose-innodb-redo-log-capacity=512M',
]

eachServer(
  'a row of 40 MiB is replayed, and refused with a hint where the target takes no statement that long',
  async (kind) => {
    await using source = await startServer(kind, { args: large })
    await using target = await startServer(kind, { args: large })
    await source.sql(
      'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v LONGBLOB); INSERT INTO d.t VALUES (1, REPEAT("x", 41943040));' +
        'INSERT INTO d.t VALUES (2, "small"); UPDATE d.t SET v = CONCAT(v, "y") WHERE id = 2; DELETE FROM d.t WHERE id = 1',
    )
    await replay(loggedTransactions(source), target)
    assert.equal(await target.sql('CHECKSUM TABLE d.t'), await source.sql('CHECKSUM TABLE d.t'))

    await using small = await startServer(kind, { args: ['--max-allowed-packet=16M'] })
    await assert.rejects(replay(loggedTransactions(source), small), (error) => {
      assert.ok(isHoldfastError(error, 'REPLAY_FAILED'), String(error))
      assert.match(error.hint, /SET GLOBAL max_allowed_packet/)
      return true
    })
    assert.equal((await small.sql('SELECT COUNT(*) FROM d.t')).trim(), '0')
  },
)

for (const kind of testedKinds.filter((tested) => tested.startsWith('mysql'))) {
  test(`a log without GTIDs is replayed into a server without them (${kind})`, async () => {
    const args = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']
    await using source = await startServer(kind, { args })
    await using target = await startServer(kind, { args })
    await source.sql(
      'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, n INT); INSERT INTO d.t VALUES (1, 0);',
    )
    await source.sql('UPDATE d.t SET n = n + 1;'.repeat(20))
    assert.equal(await replay(loggedTransactions(source), target), 23)
    assert.equal((await target.sql('SELECT n FROM d.t')).trim(), '20')
  })
}

const mariadbKinds = testedKinds.filter((kind) => kind.startsWith('mariadb'))
for (const kind of mariadbKinds) {
  test(`what was done before a crash and not marked is not done twice (${kind})`, async () => {
    await using source = await startServer(kind)
    await source.sql(
      "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); XA START 'x'; INSERT INTO d.t VALUES (1); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x';",
    )
    await using target = await startServer(kind, { log_bin: false })
    await target.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY);')
    // From the CREATE TABLE on, which the target has as a crash leaves it: done, and not in mysql.gtid_slave_pos.
    await replay(behind(loggedTransactions(source), 1), target, { isContinued: true })
    assert.equal(await target.sql('SELECT * FROM d.t'), '1\n')
    // The same for the XA transaction; another row tells whose it is.
    await target.sql("XA START 'x'; INSERT INTO d.t VALUES (2); XA END 'x'; XA PREPARE 'x';")
    await replay(behind(loggedTransactions(source), 2), target, { isContinued: true })
    assert.equal(await target.sql('SELECT * FROM d.t'), '1\n2\n')
    // A replay that begins has done nothing before: it must not take what it finds for its own.
    await assert.rejects(replay(behind(loggedTransactions(source), 1), target), /1050/)
  })
}

async function* behind<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let seen = 0
  for await (const item of items) if (++seen > count) yield item
}
