// What time it is in a condition of --where: one moment for all of the backup, in UTC.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupResult } from '../../src/core/backup.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { parseFilters } from '../../src/operations/parse-filters.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

/** A row for every tenth of a second of the next five minutes, in UTC: how many are chosen tells what time it was. */
const tablesWith = (depth: string) => `
  CREATE DATABASE s; CREATE TABLE s.a (id INT PRIMARY KEY, v DATETIME(6) NOT NULL); SET @start = UTC_TIMESTAMP(6);
  SET SESSION ${depth} = 5000;
  INSERT INTO s.a WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
    SELECT i, @start + INTERVAL 100000 * i MICROSECOND FROM n;
  CREATE TABLE s.b LIKE s.a; INSERT INTO s.b SELECT * FROM s.a; ANALYZE TABLE s.a, s.b`

function start(kind: Parameters<typeof startServer>[0], args: readonly string[] = []): Promise<TestServer> {
  const depth = kind.startsWith('mysql') ? 'cte_max_recursion_depth' : 'max_recursive_iterations'
  return startServer(kind, {
    sql: tablesWith(depth),
    args: ['--default-time-zone=+05:00', ...args],
  })
}

/** One session reads `a`, which takes a second and a half, and then `b`. */
async function take(server: TestServer): Promise<BackupResult> {
  const where = [
    's.a:v <= NOW(6) AND (id > 0 OR SLEEP(1.5) = 0)',
    's.b:v <= CURRENT_TIMESTAMP(6) AND v <= FROM_UNIXTIME(UNIX_TIMESTAMP(NOW(6)))',
  ]
  return dumpLogical({
    settings: server.settings(),
    sink: new MemoryBackup(),
    filters: await parseFilters({ where }),
    threads: 1,
  })
}

function rowsOf(result: BackupResult): readonly number[] {
  return parseLogicalContent(result.content).schemas.flatMap(({ tables }) => tables.map(({ rows }) => rows))
}

eachServer(
  'NOW() in a condition is the moment of the backup in every statement, and in UTC',
  async (kind) => {
    await using server = await start(kind)
    const result = await take(server)
    const before = await server.sql(
      `SELECT COUNT(*) FROM s.a WHERE v <= '1970-01-01' + INTERVAL ${result.point.timeMicros} MICROSECOND`,
    )
    assert.ok(Number(before) > 0 && Number(before) < 3000, before)
    assert.deepEqual(rowsOf(result), [Number(before), Number(before)])
    assert.deepEqual(
      result.warnings.filter((warning) => warning.includes('NOW()')),
      [],
    )
  },
)

for (const kind of testedKinds.filter((tested) => tested.startsWith('mariadb'))) {
  test(`where a server keeps its time to itself, that is told (${kind})`, async () => {
    await using server = await start(kind, ['--secure-timestamp=YES'])
    const { warnings } = await take(server)
    assert.equal(warnings.filter((warning) => /set the time of its session.*NOW\(\)/.test(warning)).length, 1)
  })
}
