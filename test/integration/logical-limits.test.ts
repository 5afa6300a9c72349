// Loads into targets that take less in one transaction than a batch holds: it is split until it fits, or refused by name.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { BackupSource } from '../../src/core/backup.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, type ServerKind, startServer, type TestServer, testedKinds } from '../support/servers.ts'

const digits =
  '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'
/** 5,000 rows of 2 KB: ten times what the targets take in one transaction. Without a key, so that no row that comes twice is noticed. */
const rows = `SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n, REPEAT(CHAR(65 + a.d), 2000) AS t
  FROM ${digits} a, ${digits} b, ${digits} c, (SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) e`
const table = (name: string, engine = 'InnoDB') =>
  `CREATE TABLE ${name} (n INT, t TEXT) ENGINE = ${engine}; INSERT INTO ${name} ${rows}`
const limitBytes = 1024 * 1024
const smallCaches = [`--max-binlog-cache-size=${limitBytes}`, `--max-binlog-stmt-cache-size=${limitBytes}`]

/** MariaDB writes the text of a statement before its rows anyway, unless it is a LOAD DATA: that of an INSERT counts too. */
const statementsLogged = (kind: ServerKind) =>
  kind.startsWith('mysql') ? ['--binlog-rows-query-log-events=ON'] : []

const ways = [
  ['LOAD DATA', 1],
  ['INSERT', 0],
] as const

async function backupOf(kind: ServerKind, sql: string): Promise<{ backup: BackupSource; content: string }> {
  await using source = await startServer(kind, { sql: `CREATE DATABASE l; USE l; ${sql}` })
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  return { backup: memory.source(result), content: await contentOf(source) }
}

/** Of each table: how many rows, how many different ones, and a sum over all. */
async function contentOf(server: TestServer): Promise<string> {
  const tables = (await server.sql('SHOW TABLES FROM l')).trimEnd().split('\n')
  return await server.sql(
    tables
      .map((table) => `SELECT '${table}', COUNT(*), COUNT(DISTINCT n), SUM(n), SUM(CRC32(t)) FROM l.${table}`)
      .join(';'),
  )
}

async function loadsOf(server: TestServer): Promise<number> {
  return Number((await server.sql("SHOW GLOBAL STATUS LIKE 'Com_load'")).split('\t')[1])
}

/** Transactions in the target's binary log. */
async function transactionsOf(server: TestServer): Promise<number> {
  const ask = server.flavour === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos'
  return Number(/(\d+)\s*$/.exec(await server.sql(`SELECT ${ask}`))?.[1] ?? 0)
}

function refuses(code: ErrorCode, ...parts: readonly RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError, String(error))
    assert.equal(error.code, code)
    for (const part of parts) assert.match(`${error.message} // ${error.hint}`, part)
    return true
  }
}

for (const [way, isLocalInfile] of ways) {
  const start = (kind: ServerKind) =>
    startServer(kind, {
      args: [...smallCaches, ...statementsLogged(kind), `--local-infile=${isLocalInfile}`],
    })

  eachServer(
    `trap 19: what is larger than a transaction may be is split until it fits (${way})`,
    async (kind) => {
      const { backup, content } = await backupOf(kind, table('t'))
      await using target = await start(kind)
      await loadLogical({ settings: target.settings(), backup })
      assert.equal(await contentOf(target), content)
    },
  )

  eachServer(
    `trap 19: a table that cannot be rolled back is not loaded a second time over what it has (${way})`,
    async (kind) => {
      const { backup } = await backupOf(kind, table('t', 'MyISAM'))
      await using target = await start(kind)
      await assert.rejects(
        loadLogical({ settings: target.settings(), backup }),
        refuses(
          'SERVER_ERROR',
          /l\.t .*MyISAM/,
          /max_binlog_stmt_cache_size/,
          new RegExp(String(limitBytes)),
        ),
      )
      assert.ok((await loadsOf(target)) <= 1)
      const [count, different] = (await contentOf(target)).split('\t').slice(1)
      assert.equal(count, different)
    },
  )

  eachServer(
    `rows that strict mode refuses are not loaded twice with those before them (${way})`,
    async (kind) => {
      const { backup, content } = await backupOf(
        kind,
        `CREATE TABLE t (n INT, t TEXT, e ENUM('a')); INSERT INTO t SELECT x.*, 'a' FROM (${rows}) x;
        SET sql_mode = ''; INSERT INTO t VALUES (5000, 'last', 'no member')`,
      )
      await using target = await start(kind)
      await loadLogical({ settings: target.settings(), backup })
      assert.equal(await contentOf(target), content)
      assert.equal(await target.sql('SELECT n FROM l.t WHERE e + 0 = 0'), '5000\n')
    },
  )
}

eachServer('a session that has found what fits does not try more again', async (kind) => {
  const { backup, content } = await backupOf(kind, `${table('t')}; ${table('u')}`)
  await using target = await startServer(kind, { args: smallCaches })
  const before = await transactionsOf(target)
  await loadLogical({ settings: target.settings(), backup, threads: 1 })
  assert.equal(await contentOf(target), content)
  const definitions = 3
  const failures = (await loadsOf(target)) - ((await transactionsOf(target)) - before - definitions)
  // 10 MB, 5, 2.5, 1.25: and 0.6 fits.
  assert.equal(failures, 4)
})

eachServer('a load that is kept out of the binary log is not bound by its limits', async (kind) => {
  const { backup, content } = await backupOf(kind, table('t'))
  await using target = await startServer(kind, { args: smallCaches })
  await loadLogical({ settings: target.settings(), backup, skipBinlog: true })
  assert.equal(await contentOf(target), content)
  assert.equal(await loadsOf(target), 1)
})

const longRows =
  'CREATE TABLE t (n INT PRIMARY KEY, t LONGTEXT); INSERT INTO t VALUES (1, 1), (2, REPEAT(1, 2000000)), (3, 3), (4, REPEAT(1, 2000000)), (5, 5)'

eachServer('trap 19: a row that alone is larger is refused by name', async (kind) => {
  const { backup } = await backupOf(kind, longRows)
  await using target = await startServer(kind, {
    args: [...smallCaches, ...statementsLogged(kind), '--local-infile=0'],
  })
  await assert.rejects(
    loadLogical({ settings: target.settings(), backup }),
    refuses('UNSUPPORTED', /a row of l\.t/, new RegExp(`max_binlog_cache_size = ${limitBytes}`)),
  )
})

eachServer('a row that alone is larger is loaded where the server lets it through', async (kind) => {
  const { backup, content } = await backupOf(kind, longRows)
  await using target = await startServer(kind, { args: smallCaches })
  // The limit is looked at before an event is written, so one alone may be longer: rows one by one, not all.
  await loadLogical({ settings: target.settings(), backup })
  assert.equal(await contentOf(target), content)
  assert.ok((await loadsOf(target)) > 1)
})

if (testedKinds.includes('mysql-9.7')) {
  for (const [way, isLocalInfile] of ways) {
    test(`trap 19: what is larger than group replication takes is split, and one row refused by name (${way})`, async () => {
      const kind = 'mysql-9.7'
      const many = await backupOf(kind, `${table('t')}; ALTER TABLE t ADD PRIMARY KEY (n)`)
      const long = await backupOf(kind, longRows)
      await using target = await startServer(kind, {
        args: [...(await groupArguments()), `--local-infile=${isLocalInfile}`],
      })
      await target.sql('SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION')
      await loadLogical({ settings: target.settings(), backup: many.backup })
      assert.equal(await contentOf(target), many.content)
      await target.sql('DROP DATABASE l')
      await assert.rejects(
        loadLogical({ settings: target.settings(), backup: long.backup }),
        refuses(
          'UNSUPPORTED',
          /a row of l\.t/,
          new RegExp(`group_replication_transaction_size_limit = ${limitBytes}`),
        ),
      )
    })
  }
}

/** A group of one member. */
async function groupArguments(): Promise<string[]> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  const port = typeof address === 'object' ? address?.port : undefined
  return [
    '--plugin-load-add=group_replication=group_replication.so',
    '--loose-group-replication-group-name=aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa',
    `--loose-group-replication-local-address=127.0.0.1:${port}`,
    `--loose-group-replication-transaction-size-limit=${limitBytes}`,
    '--loose-group-replication-start-on-boot=OFF',
    '--report-host=127.0.0.1',
  ]
}

if (testedKinds.includes('mariadb-10.11')) {
  test('what Galera may have split by itself is not sent again', async () => {
    const kind = 'mariadb-10.11'
    const { backup } = await backupOf(kind, table('t'))
    await using target = await startServer(kind, { args: [...smallCaches, '--wsrep-load-data-splitting=ON'] })
    await assert.rejects(
      loadLogical({ settings: target.settings(), backup }),
      refuses('SERVER_ERROR', /l\.t may be loaded in part/, /wsrep_load_data_splitting = OFF/),
    )
    assert.equal(await loadsOf(target), 1)
  })
}
