import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Archive } from '../../src/archive/archive.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { HistoryTransaction } from '../../src/core/history.ts'
import { isoMicros } from '../../src/core/point-text.ts'
import { Connection } from '../../src/wire/connection.ts'
import { type RestoreRig, restoreRig } from '../support/restore-rig.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const steps = 60
const backupAfter = 20

/** Transaction `n` writes its number twice, in two statements; there is nothing in the table that would refuse it a second time. */
const step = (n: number): string =>
  `BEGIN; INSERT INTO d.once VALUES (${n}); INSERT INTO d.once VALUES (${n}); COMMIT;`

async function makeHistory(server: TestServer, rig: RestoreRig): Promise<void> {
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE d')
  await connection.run('CREATE TABLE d.once (n INT) ENGINE=InnoDB')
  for (let n = 1; n <= steps; n++) {
    // MariaDB's log knows the second only: the backup must lie in an earlier one than the time that is asked for.
    if (n === 40) await sleep(1100)
    await connection.queryMulti(step(n))
    if (n % 25 === 0) await connection.run('FLUSH BINARY LOGS')
    if (n === backupAfter) await rig.backUp()
  }
  await rig.archive.catchUp({ sealBytes: 3000 })
}

/** The numbered transactions as the archive has them, in order. */
async function archived(
  rig: RestoreRig,
): Promise<readonly (HistoryTransaction & { readonly file: string })[]> {
  const archive = await Archive.open(rig.archive.source)
  const all = archive
    .history()
    .flatMap((segment) => archive.transactionsOf(segment).map((each) => ({ ...each, file: segment.file })))
  // CREATE DATABASE and CREATE TABLE come first.
  return all.slice(2)
}

async function numbers(server: TestServer): Promise<string> {
  return (await server.sql('SELECT GROUP_CONCAT(n ORDER BY n) FROM d.once')).trim()
}

function expected(last: number, without: readonly number[] = []): string {
  return Array.from({ length: last }, (_, i) => i + 1)
    .filter((n) => !without.includes(n))
    .flatMap((n) => [n, n])
    .join(',')
}

eachServer('every kind of point is reached exactly, to the transaction', async (kind) => {
  await using source = await startServer(kind)
  await using rig = await restoreRig(source)
  await makeHistory(source, rig)
  const transactions = await archived(rig)
  assert.equal(transactions.length, steps)
  const at = (n: number) => transactions[n - 1]!
  const set = source.flavour === 'mysql' ? `${at(33).gtid!.split(':')[0]}:1-35` : at(33).gtid!
  const lastAtTime = transactions.findLastIndex(({ timeMicros }) => timeMicros <= at(40).timeMicros) + 1
  const points: [string, number][] = [
    [`before-gtid:${at(31).gtid}`, 30],
    [`gtid:${set}`, 33],
    [`pos:${at(52).file}:${at(52).end}`, 52],
    [isoMicros(at(40).timeMicros), lastAtTime],
    ['latest', steps],
    ['backup', backupAfter],
  ]
  for (const [to, count] of points) {
    await using target = await startServer(kind)
    const plan = await rig.plan(to)
    const report = await rig.restore(plan, target)
    assert.equal(await numbers(target), expected(count), to)
    assert.equal(report.replayed?.transactions ?? 0, count - backupAfter, to)
  }
})

eachServer('a skipped transaction is left out, and everything behind it is there', async (kind) => {
  await using source = await startServer(kind)
  await using rig = await restoreRig(source)
  await makeHistory(source, rig)
  const transactions = await archived(rig)
  const skipped = [transactions[44]!.gtid!, transactions[21]!.gtid!]
  await using target = await startServer(kind)
  const plan = await rig.plan('latest', skipped)
  await rig.restore(plan, target)
  assert.equal(await numbers(target), expected(steps, [22, 45]))
  // MariaDB's position would be the same had they been applied, so there a second run must not take it for its own work.
  if (source.flavour === 'mysql') assert.equal((await rig.restore(plan, target)).isContinued, true)
  else await assert.rejects(rig.restore(plan, target), { code: 'TARGET_NOT_EMPTY' })
  if (source.flavour === 'mysql') {
    const holes = await source.sql(
      `SELECT GTID_SUBTRACT(@@gtid_executed, '${(await target.sql('SELECT @@gtid_executed')).replaceAll(/\\n|\s/g, '')}')`,
    )
    assert.equal(holes.trim().split(':').slice(1).join(':'), '24:47')
  }
})

eachServer('a transaction that the target refuses ends the replay right before it', async (kind) => {
  await using source = await startServer(kind)
  await using rig = await restoreRig(source)
  await source.sql(
    'CREATE DATABASE d; CREATE TABLE d.once (n INT) ENGINE=InnoDB; CREATE TABLE d.k (id INT PRIMARY KEY);',
  )
  await rig.backUp()
  await source.sql(Array.from({ length: 30 }, (_, i) => step(i + 1)).join(''))
  // Written past the log, so that the replay cannot find what the source found.
  await source.sql('SET sql_log_bin=0; INSERT INTO d.k VALUES (1);')
  await source.sql(`BEGIN; INSERT INTO d.once VALUES (31); DELETE FROM d.k WHERE id = 1; COMMIT;`)
  await source.sql(Array.from({ length: 170 }, (_, i) => step(i + 32)).join(''))
  await rig.archive.catchUp()
  await using target = await startServer(kind)
  const plan = await rig.plan('latest')
  await assert.rejects(rig.restore(plan, target), (error) => {
    assert.ok(isHoldfastError(error, 'REPLAY_FAILED'), String(error))
    assert.match(
      error.message,
      /transaction \S+ at binlog\.000001:\d+, committed .* could not be applied: .*1032/,
    )
    return true
  })
  assert.equal(await numbers(target), expected(30), 'nothing of it, and nothing behind it')
})

eachServer('a target that holds something else is refused and stays as it is', async (kind) => {
  await using source = await startServer(kind)
  await using rig = await restoreRig(source)
  await source.sql('CREATE DATABASE d; CREATE TABLE d.once (n INT); INSERT INTO d.once VALUES (1);')
  await rig.backUp()
  await rig.archive.catchUp()
  await using target = await startServer(kind)
  await target.sql('CREATE DATABASE mine; CREATE TABLE mine.t (a INT);')
  await assert.rejects(rig.restore(await rig.plan('latest'), target), (error) => {
    assert.ok(isHoldfastError(error, 'TARGET_NOT_EMPTY'), String(error))
    assert.match(error.message, /mine/)
    assert.match(error.hint, /empty server/)
    return true
  })
  assert.equal((await target.sql("SHOW DATABASES LIKE 'd'")).trim(), '')
})

eachServer(
  'behind a reset log the same GTIDs are other transactions, which no older backup is a base for',
  async (kind) => {
    await using source = await startServer(kind)
    await using rig = await restoreRig(source)
    await source.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); ${insertsInto(1, 10)}`)
    await rig.backUp()
    await rig.archive.catchUp()
    await source.sql(source.flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER')
    // MariaDB's log tells whole seconds.
    await sleep(1100)
    await source.sql(insertsInto(101, 30))
    await assert.rejects(rig.archive.catchUp(), { code: 'ARCHIVE_DIVERGED' })
    await rig.archive.catchUp({ startNewTimeline: true })
    await assert.rejects(rig.plan('latest'), { code: 'ARCHIVE_GAP' })
  },
)

function insertsInto(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `INSERT INTO d.t VALUES (${first + i});`).join('')
}
