// Backups in which a row is there twice: servers can be made to lose rows or to break an index over them, and a load must be refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { BackupSource } from '../../src/core/backup.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { Connection } from '../../src/wire/connection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, type ServerKind, startServer, type TestServer } from '../support/servers.ts'

interface Rows {
  readonly ddl: string
  readonly text: Buffer
  readonly rows: number
  /** All rows but the one that is there twice. */
  readonly different: number
}

/** Row 5 comes again after 1,000 others, and 99 more behind it. */
function twicePrimary(): Rows {
  const ids = [...numbers(0, 1000), 5, ...numbers(1000, 99)]
  return {
    ddl: 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))',
    text: Buffer.from(ids.map((id) => `${id}\tv\n`).join('')),
    rows: ids.length,
    different: ids.length - 1,
  }
}

/**
 * A value of a UNIQUE key comes again when its page of the index has left a buffer pool of 6 MB: first 2,000 values in no order, so that
 * the pages of the index have room, then 15 MB behind them in order, then the first value again.
 */
function twiceUnique(): Rows {
  const first = numbers(0, 2000).map((at) => `0${createHash('sha256').update(String(at)).digest('hex')}`)
  const rest = numbers(0, 60_000).map((at) => `1${String(at).padStart(120, '0')}`)
  const values = [...first, ...rest, first[1000] ?? '']
  return {
    ddl: 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(130) CHARACTER SET latin1, UNIQUE (v))',
    text: Buffer.from(values.map((value, id) => `${id}\t${value}\n`).join('')),
    rows: values.length,
    different: values.length - 1,
  }
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at)
}

/** A backup that promises these rows, and has them. */
async function backupOf(kind: ServerKind, { ddl, text, rows }: Rows): Promise<BackupSource> {
  await using source = await startServer(kind, {
    sql: `CREATE DATABASE d; USE d; ${ddl}; INSERT INTO t VALUES (1, 'v')`,
  })
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  const content = parseLogicalContent(result.content)
  const schemas = content.schemas.map((schema) => ({
    ...schema,
    tables: schema.tables.map((table) => ({ ...table, rows })),
  }))
  const chunk = { id: await memory.putChunk(text), plainBytes: text.length, rows, rowHash: '0'.repeat(32) }
  return memory.source({
    ...result,
    content: { ...content, schemas },
    objects: [{ name: 'd/t', chunks: [chunk] }],
  })
}

/** The LOAD DATA that loaders send who trust what they load: without checks of uniqueness. */
async function loadUnchecked(server: TestServer, { ddl, text }: Rows, duplicates: '' | 'REPLACE') {
  await server.sql(`CREATE DATABASE d; USE d; ${ddl}`)
  await using session = await Connection.open(server.settings())
  await session.run('SET SESSION unique_checks = 0, foreign_key_checks = 0')
  const ok = await session.loadData(`LOAD DATA LOCAL INFILE 'rows' ${duplicates} INTO TABLE d.t`, [text])
  return ok.info
}

async function countOf(server: TestServer): Promise<number> {
  return Number(await server.sql('SELECT COUNT(*) FROM d.t FORCE INDEX (PRIMARY)'))
}

function refused(error: unknown): boolean {
  assert.ok(error instanceof HoldfastError, String(error))
  // ER_DUP_ENTRY, where rows are inserted.
  assert.ok(error.code === 'LOAD_MISMATCH' || error.details['errno'] === 1062, error.message)
  return true
}

eachServer(
  'trap 2: LOAD LOCAL without unique checks loses the rows before a duplicate on MariaDB (MDEV-31985)',
  async (kind) => {
    await using server = await startServer(kind)
    const data = twicePrimary()
    const info = await loadUnchecked(server, data, '')
    // One row is told to be skipped; a thousand are gone. MySQL loses that one.
    assert.match(info, /^Records: 1100 {2}Deleted: 0 {2}Skipped: 1 {2}Warnings: 1/)
    assert.equal(await countOf(server), server.flavour === 'mariadb' ? 99 : data.different)
  },
)

/** Where the change buffer is still there, it is on as it was by default until MySQL 8.4 and MariaDB 10.5.15. */
const smallPool = ['--innodb-buffer-pool-size=6M', '--loose-innodb-change-buffering=all']

eachServer(
  'trap 17: REPLACE without unique checks puts a duplicate into a unique index with a change buffer, and all looks well',
  async (kind) => {
    await using server = await startServer(kind, { args: smallPool })
    const data = twiceUnique()
    const info = await loadUnchecked(server, data, 'REPLACE')
    const isBroken = (await server.sql("SHOW VARIABLES LIKE 'innodb_change_buffering'")) !== ''
    assert.match(info, new RegExp(`^Records: ${data.rows}  Deleted: ${isBroken ? 0 : 1} `))
    assert.equal(await countOf(server), isBroken ? data.rows : data.different)
    assert.match(await server.sql('CHECK TABLE d.t'), /\tOK\n$/)
  },
)

for (const [way, isLocalInfile] of [
  ['LOAD DATA', 1],
  ['INSERT', 0],
] as const) {
  for (const [key, rowsOf] of [
    ['primary', twicePrimary],
    ['unique', twiceUnique],
  ] as const) {
    eachServer(
      `traps 2 and 17: a row that is there twice by its ${key} key is refused and takes no other with it (${way})`,
      async (kind) => {
        const data = rowsOf()
        const backup = await backupOf(kind, data)
        await using target = await startServer(kind, {
          args: [...smallPool, `--local-infile=${isLocalInfile}`],
        })
        await assert.rejects(loadLogical({ settings: target.settings(), backup }), refused)
        // REPLACE has put the second in place of the first; an INSERT is rolled back.
        assert.equal(await countOf(target), isLocalInfile === 1 ? data.different : 0)
      },
    )
  }
}
