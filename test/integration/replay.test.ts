import assert from 'node:assert/strict'
import { applyTransactions } from '../../src/recovery/apply/apply-transactions.ts'
import type { ArchivedTransaction } from '../../src/recovery/apply/replay-failure.ts'
import { inspectTarget } from '../../src/recovery/apply/replay-target.ts'
import { Connection } from '../../src/wire/connection.ts'
import { loggedTransactions } from '../support/binlog-files.ts'
import { makeDiverseHistory } from '../support/diverse-history.ts'
import { describeContents } from '../support/server-contents.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

async function replay(transactions: AsyncIterable<ArchivedTransaction>, target: TestServer): Promise<number> {
  await using control = await Connection.open(target.settings())
  await using connection = await Connection.open(target.settings())
  const { dialect } = await inspectTarget(control, {})
  const report = await applyTransactions({ connection, dialect, transactions })
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
