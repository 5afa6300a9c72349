// Tables in partitions: read one by one, with a key or without, each row exactly once, and what was read in which is told truly.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupResult } from '../../src/core/backup.ts'
import { parseLogicalContent, type RangeContent, type TableContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { digestOf } from '../../src/logical/read-back.ts'
import { verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { Connection } from '../../src/wire/connection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

const years = [2020, 2021, 2022, 2023]
const ranges = years.map((year) => `PARTITION \`y ${year}\` VALUES LESS THAN (${year + 1})`).join(', ')

/** 8192 rows of a kilobyte in each table, most of them of 2021. */
const tables = `
  CREATE DATABASE p; USE p;
  CREATE TABLE bare (id INT, y INT NOT NULL, v VARCHAR(1100)) PARTITION BY RANGE (y) (${ranges});
  CREATE TABLE keyed (id INT, y INT NOT NULL, v VARCHAR(1100), PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (${ranges});
  CREATE TABLE sub (id INT, y INT NOT NULL, v VARCHAR(1100), PRIMARY KEY (id, y))
    PARTITION BY RANGE (y) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (${ranges});
  CREATE TABLE hashed (id INT PRIMARY KEY, y INT NOT NULL, v VARCHAR(1100)) PARTITION BY KEY () PARTITIONS 24;
  INSERT INTO bare VALUES (0, 2021, REPEAT('abcdefgh', 128));
  ${Array.from({ length: 13 }, (_, bit) => `INSERT INTO bare SELECT id + ${2 ** bit}, y, CONCAT(v, id MOD 10) FROM bare;`).join('\n')}
  UPDATE bare SET y = 2020 + id MOD 4 WHERE id MOD 3 = 0;
  ${['keyed', 'sub', 'hashed'].map((name) => `INSERT INTO ${name} SELECT * FROM bare;`).join('\n')}
  ANALYZE TABLE bare, keyed, sub, hashed`

interface Taken {
  readonly backup: MemoryBackup
  readonly result: BackupResult
}

async function take(server: TestServer, threads: number): Promise<Taken> {
  const backup = new MemoryBackup()
  const worth = { threadBytes: Number.POSITIVE_INFINITY, rangeBytes: 1024 * 1024 }
  return {
    backup,
    result: await dumpLogical({ settings: server.settings(), sink: backup, threads, worth }),
  }
}

function tablesOf(result: BackupResult): readonly TableContent[] {
  return parseLogicalContent(result.content).schemas.flatMap((schema) => schema.tables)
}

function digests(of: BackupResult) {
  return Object.fromEntries(of.objects.map((object) => [object.name, digestOf(object)]))
}

function countOf(table: string, { partitions = [], condition }: RangeContent): string {
  const within =
    partitions.length === 0 ? '' : ` PARTITION (${partitions.map((name) => `\`${name}\``).join(', ')})`
  return `SELECT COUNT(*) FROM p.${table}${within}${condition === '' ? '' : ` WHERE ${condition}`};`
}

eachServer('partitions are read on their own, and hold the rows that are told', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  const alone = await take(server, 1)
  const { result } = await take(server, 3)
  assert.deepEqual(digests(result), digests(alone.result))
  for (const table of tablesOf(result)) {
    const read = table.ranges ?? []
    assert.equal(table.rows, 8192)
    assert.ok(read.length >= 3, `${table.name}: ${read.length} ranges`)
    assert.ok(read.every(({ partitions = [] }) => partitions.length > 0))
    const found = await server.sql(read.map((range) => countOf(table.name, range)).join('\n'))
    assert.deepEqual(
      found.trim().split('\n').map(Number),
      read.map(({ rows }) => rows),
    )
    assert.ok(read.every(({ condition }) => condition === ''))
    if (table.name === 'hashed') assert.ok(read.some(({ partitions = [] }) => partitions.length > 1))
  }
  const subpartitions = tablesOf(result).find(({ name }) => name === 'sub')?.ranges?.[0]?.partitions ?? []
  assert.match(subpartitions[0] ?? '', /^y 2020sp0$/)
})

for (const kind of testedKinds.filter((one) => one !== 'mariadb-10.11')) {
  // MariaDB 10.11 looks at every row that it exchanges.
  test(`rows that lie in a partition which is not theirs are read as well (${kind})`, async () => {
    await using server = await startServer(kind, { sql: tables })
    await server.sql(`USE p; CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(1100)); INSERT INTO big SELECT id + 20000, v FROM bare;
      CREATE TABLE wrong (id INT PRIMARY KEY, v VARCHAR(1100))
        PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10000), PARTITION high VALUES LESS THAN MAXVALUE);
      INSERT INTO wrong SELECT id + 10000, v FROM bare;
      ALTER TABLE wrong EXCHANGE PARTITION low WITH TABLE big WITHOUT VALIDATION; ANALYZE TABLE wrong`)
    const { result } = await take(server, 3)
    assert.equal(tablesOf(result).find(({ name }) => name === 'wrong')?.rows, 16_384)
  })
}

eachServer('rows that move between partitions while they are read are there exactly once', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  const stop = new AbortController()
  let moved = 0
  const mover = (async () => {
    await using connection = await Connection.open(server.settings())
    for (; !stop.signal.aborted; moved++) {
      const year = 2020 + (moved % 4)
      for (const table of ['bare', 'keyed', 'sub']) {
        await connection.run(
          `UPDATE p.${table} SET y = ${year} WHERE id BETWEEN ${moved % 8000} AND ${(moved % 8000) + 20}`,
        )
      }
    }
  })()
  try {
    const { result } = await take(server, 3)
    assert.deepEqual(
      tablesOf(result).map(({ rows }) => rows),
      [8192, 8192, 8192, 8192],
    )
  } finally {
    stop.abort()
    await mover
  }
  assert.ok(moved > 3, `${moved} moves`)
})

eachServer(
  'a restored table is compared by its partitions, and whole where it has others by now',
  async (kind) => {
    await using server = await startServer(kind, { sql: tables })
    const { backup, result } = await take(server, 3)
    const source = backup.source(result)
    await using target = await startServer(kind)
    await loadLogical({ settings: target.settings(), backup: source })
    const differences = async () => {
      const compared = await verifyTarget({ settings: target.settings(), backup: source, threads: 3 })
      return compared.differences.map(({ kind: what, text }) => `${what}: ${text}`)
    }
    assert.deepEqual(await differences(), [])
    await target.sql("UPDATE p.bare SET v = 'x' WHERE id = 9 AND y = 2021")
    const [changed = '', ...others] = await differences()
    assert.deepEqual(others, [])
    assert.match(changed, /^rows: .*p\.bare.*partition y 2021/s)
    await target.sql(
      'ALTER TABLE p.bare REORGANIZE PARTITION `y 2020`, `y 2021` INTO (PARTITION early VALUES LESS THAN (2022))',
    )
    const now = await differences()
    assert.ok(now.some((text) => /^rows: .*p\.bare/.test(text)) && now.length === 2, now.join('\n'))
  },
)
