// Size: a very long row, very many tables, and memory that does not grow with either.
import assert from 'node:assert/strict'
import { addRowHashes, noRowsHash } from '../../src/bytes/kernel/row-hash.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, type ServerKind, startServer } from '../support/servers.ts'

/** A row may take a tenth of the redo log at most. */
function largeLog(kind: ServerKind): string[] {
  return [kind.startsWith('mysql') ? '--innodb-redo-log-capacity=2G' : '--innodb-log-file-size=1G']
}

eachServer('a row of 100 MB goes through chunks of 4 MiB and comes back whole', async (kind) => {
  await using source = await startServer(kind, { args: ['--max-allowed-packet=1G', ...largeLog(kind)] })
  // The target takes small packets: a row is no packet in LOAD DATA.
  await using target = await startServer(kind, { args: largeLog(kind) })
  await source.sql(
    "CREATE DATABASE z; CREATE TABLE z.t (id INT PRIMARY KEY, b LONGBLOB, n INT); INSERT INTO z.t VALUES (1, 'x', 1), (2, REPEAT(0x00010203040506070809, 10000000), 2), (3, 'y', 3)",
  )
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  const chunks = result.objects.find((object) => object.name === 'z/t')?.chunks ?? []
  assert.ok(chunks.length > 24 && chunks.every((chunk) => chunk.plainBytes <= 4 * 1024 * 1024))
  assert.equal(
    chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    3,
  )
  assert.notEqual(chunks.map((chunk) => chunk.rowHash).reduce(addRowHashes, noRowsHash), noRowsHash)
  await loadLogical({ settings: target.settings(), backup: memory.source(result) })
  const ask = 'SELECT id, n, LENGTH(b), SHA2(b, 256) FROM z.t ORDER BY id'
  assert.equal(await target.sql(ask), await source.sql(ask))
})

eachServer('five hundred tables go through in seconds', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  const statements = Array.from(
    { length: 500 },
    (_, at) => `CREATE TABLE t${at} (id INT PRIMARY KEY); INSERT INTO t${at} VALUES (${at})`,
  )
  await source.sql(`CREATE DATABASE z; USE z; ${statements.join(';')}`)
  const memory = new MemoryBackup()
  const started = performance.now()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  assert.ok(performance.now() - started < 60_000)
  const report = await loadLogical({ settings: target.settings(), backup: memory.source(result) })
  assert.deepEqual([report.tables, report.rows], [500, 500])
})
