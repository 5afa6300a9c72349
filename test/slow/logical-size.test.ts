// The sizes that take minutes: a row of a gigabyte, thousands of tables, and memory that does not follow.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { BackupSink } from '../../src/core/backup.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer } from '../support/servers.ts'

const megabyte = 1024 * 1024

/** Keeps nothing but the hash: what is measured is the engine's memory. */
function forgetfulSink(): BackupSink & { readonly bytes: number } {
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    async putChunk(chunk) {
      bytes += chunk.length
      return createHash('sha256').update(chunk).digest('hex')
    },
  }
}

eachServer('a row of 1 GB is dumped in bounded memory', async (kind) => {
  const log = kind.startsWith('mysql') ? '--innodb-redo-log-capacity=12G' : '--innodb-log-file-size=10G'
  await using source = await startServer(kind, { args: ['--max-allowed-packet=1G', log] })
  await source.sql(
    "CREATE DATABASE z; CREATE TABLE z.t (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO z.t VALUES (1, REPEAT('abcdefghij', 100000000))",
  )
  const sink = forgetfulSink()
  const before = process.memoryUsage.rss()
  const result = await dumpLogical({ settings: source.settings(), sink })
  assert.ok(process.memoryUsage.rss() - before < 300 * megabyte)
  assert.equal(sink.bytes, 1_000_000_003)
  assert.equal(
    result.objects[0]?.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    1,
  )
})

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
