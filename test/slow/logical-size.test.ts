// The sizes that take minutes: a row of a gigabyte, and a hundred thousand tables.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BackupSink } from '../../src/core/backup.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { TemporaryBackup } from '../../src/operations/temporary-backup.ts'
import { eachServer, type ServerKind, startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const megabyte = 1024 * 1024

eachServer('a row of 1 GB is dumped and restored in bounded memory', async (kind) => {
  // A row may take a tenth of the redo log at most.
  const log = kind.startsWith('mysql') ? '--innodb-redo-log-capacity=12G' : '--innodb-log-file-size=10G'
  await using folder = await temporaryDirectory()
  await using backup = await TemporaryBackup.create(folder.path)
  const [result, content] = await dumpLargeRow(kind, log, backup)
  assert.equal(
    result.objects[0]?.chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0),
    1_000_000_003,
  )
  assert.equal(
    result.objects[0]?.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    1,
  )
  // The target takes small packets: a row is no packet in LOAD DATA.
  await using target = await startServer(kind, { args: [log] })
  const { rows } = await inBoundedMemory(() =>
    loadLogical({ settings: target.settings(), backup: backup.source(result) }),
  )
  assert.equal(rows, 1)
  assert.equal(await target.sql(contentQuery), content)
})

const contentQuery = 'SELECT id, LENGTH(b), SHA2(b, 256) FROM z.t'

/** The server is gone afterwards: one that has held such a row keeps gigabytes. */
async function dumpLargeRow(kind: ServerKind, log: string, sink: BackupSink) {
  await using source = await startServer(kind, { args: ['--max-allowed-packet=1G', log] })
  await source.sql(
    "CREATE DATABASE z; CREATE TABLE z.t (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO z.t VALUES (1, REPEAT('abcdefghij', 100000000))",
  )
  const result = await inBoundedMemory(() => dumpLogical({ settings: source.settings(), sink }))
  return [result, await source.sql(contentQuery)] as const
}

async function inBoundedMemory<Answer>(work: () => Promise<Answer>, bound = 300 * megabyte): Promise<Answer> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    assert.ok(most - before < bound, `${Math.round((most - before) / megabyte)} MiB`)
  }
}

const manyTables = 100_000
// Definitions are kept from the beginning to the end: 1 to 2 KiB each that are alive, and several times as much that V8 leaves uncollected.
const mostBytesOfTable = 10 * 1024

eachServer('a hundred thousand tables go through', async (kind, context) => {
  await using folder = await temporaryDirectory()
  await using backup = await TemporaryBackup.create(folder.path)
  const result = await dumpManyTables(kind, backup, context)
  await using target = await startServer(kind)
  const started = performance.now()
  const { tables, rows } = await inBoundedMemory(
    () => loadLogical({ settings: target.settings(), backup: backup.source(result) }),
    manyTables * mostBytesOfTable,
  )
  context.diagnostic(`restored in ${seconds(started)}`)
  assert.deepEqual([tables, rows], [manyTables, manyTables])
  const last = manyTables - 1
  assert.equal(await target.sql(`SELECT id FROM z.t0; SELECT id FROM z.t${last}`), `0\n${last}\n`)
})

async function dumpManyTables(kind: ServerKind, sink: BackupSink, context: TestContext) {
  // Tables of the source share a file, which spares it ten gigabytes of empty pages.
  await using source = await startServer(kind, { args: ['--innodb-file-per-table=OFF'] })
  await source.sql('CREATE DATABASE z')
  for (let at = 0; at < manyTables; at += 1000) {
    const statements = Array.from(
      { length: 1000 },
      (_, table) =>
        `CREATE TABLE t${at + table} (id INT PRIMARY KEY); INSERT INTO t${at + table} VALUES (${at + table})`,
    )
    await source.sql(`SET sql_log_bin = 0; USE z; ${statements.join(';')}`)
  }
  const started = performance.now()
  const settings = source.settings()
  const result = await inBoundedMemory(() => dumpLogical({ settings, sink }), manyTables * mostBytesOfTable)
  context.diagnostic(`dumped in ${seconds(started)}`)
  return result
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`
}
