// The sizes that take minutes: a row of a gigabyte, thousands of tables, and memory that does not follow.
import assert from 'node:assert/strict'
import type { BackupSink } from '../../src/core/backup.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { TemporaryBackup } from '../../src/operations/temporary-backup.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
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

async function inBoundedMemory<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    assert.ok(most - before < 300 * megabyte, `${Math.round((most - before) / megabyte)} MiB`)
  }
}

eachServer('two thousand tables go through', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  const statements = Array.from(
    { length: 2000 },
    (_, at) => `CREATE TABLE t${at} (id INT PRIMARY KEY); INSERT INTO t${at} VALUES (${at})`,
  )
  await source.sql(`CREATE DATABASE z; USE z; ${statements.join(';')}`)
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  const report = await loadLogical({ settings: target.settings(), backup: memory.source(result) })
  assert.deepEqual([report.tables, report.rows], [2000, 2000])
})
