// Targets whose binary log takes statements: InnoDB refuses to write rows under READ COMMITTED there (ER_BINLOG_STMT_MODE_AND_ROW_ENGINE).
import assert from 'node:assert/strict'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer } from '../support/servers.ts'

for (const [way, isLocalInfile] of [
  ['LOAD DATA', 1],
  ['INSERT', 0],
] as const) {
  eachServer(`a target with binlog_format = STATEMENT gets its rows as rows (${way})`, async (kind) => {
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE l; CREATE TABLE l.t (id INT PRIMARY KEY, v INT, KEY (v)); INSERT INTO l.t VALUES (1, 1), (2, 2)`,
    })
    await using target = await startServer(kind, {
      args: ['--binlog-format=STATEMENT', `--local-infile=${isLocalInfile}`],
    })
    const memory = new MemoryBackup()
    const result = await dumpLogical({ settings: source.settings(), sink: memory })
    const backup = memory.source(result)
    await loadLogical({ settings: target.settings(), backup, deferFromBytes: 0 })
    assert.deepEqual(await differencesBetween(source, target), [])
    assert.equal(await target.sql('SELECT @@GLOBAL.binlog_format'), 'STATEMENT\n')
  })
}
