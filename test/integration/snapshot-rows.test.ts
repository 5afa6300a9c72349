// The rows that a backup says a table has are the rows that the table has in the same snapshot, whatever is written meanwhile.
import assert from 'node:assert/strict'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { digestOf } from '../../src/logical/read-back.ts'
import { readersHere } from '../../src/logical/table-reader.ts'
import { Connection } from '../../src/wire/connection.ts'
import { numberOf } from '../../src/wire/row-values.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

// Keys of each kind that ranges are made of, and none; `n` is in all of them, for the writers.
const keys = {
  by_number: 'k BIGINT PRIMARY KEY',
  by_text: 'k VARCHAR(40) CHARACTER SET utf8mb4 PRIMARY KEY',
  by_two: 'k INT, k2 VARCHAR(20) CHARACTER SET latin1, PRIMARY KEY (k, k2)',
  by_unique: 'k INT NULL, UNIQUE KEY (k)',
  by_none: 'k INT',
}
const tables = Object.keys(keys)

const digits =
  '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'

const schema = `
  CREATE DATABASE t; USE t; CREATE TABLE t.seed (i INT PRIMARY KEY);
  INSERT INTO t.seed SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e;
  CREATE TABLE t.counts (name VARCHAR(20) PRIMARY KEY, c INT);
  ${Object.entries(keys)
    .map(
      ([name, key]) => `CREATE TABLE t.${name} (${key}, n INT, v VARCHAR(400), KEY (n));
      INSERT INTO t.${name} (k, ${name === 'by_two' ? 'k2, ' : ''}n, v)
        SELECT ${name === 'by_two' ? 'i DIV 50, i' : 'i * 7'}, i, REPEAT(SHA2(i, 256), 5) FROM t.seed;
      INSERT INTO t.counts VALUES ('${name}', 10000); ANALYZE TABLE t.${name};`,
    )
    .join('\n')}`

/** Adds, removes and moves rows of all tables for as long as it is let; each transaction keeps the counts right. */
async function write(
  server: TestServer,
  seed: number,
  { began, stop }: { readonly began: () => void; readonly stop: AbortSignal },
): Promise<number> {
  await using connection = await Connection.open(server.settings({ schema: 't' }))
  let transactions = 0
  for (let at = seed; !stop.aborted; at += 7) {
    const name = tables[at % tables.length] ?? ''
    const [first, last] = [(at * 131) % 9000, ((at * 131) % 9000) + 1 + (at % 40)]
    const copied =
      name === 'by_two' ? `k + 1000 + ${at}, k2` : name === 'by_text' ? `CONCAT('x', k, '-${at}')` : 'NULL'
    const change =
      at % 3 === 0
        ? `DELETE FROM ${name} WHERE n BETWEEN ${first} AND ${last}`
        : name === 'by_number'
          ? `INSERT INTO ${name} SELECT k + ${at * 1e6}, n, v FROM ${name} WHERE n BETWEEN ${first} AND ${last}`
          : `INSERT INTO ${name} SELECT ${copied}, n, v FROM ${name} WHERE n BETWEEN ${first} AND ${last}`
    const moved = name === 'by_number' ? 'k = -k' : name === 'by_two' ? 'k = -k' : 'n = n'
    await connection.run('BEGIN')
    try {
      const answer = await connection.run(change)
      const added = answer.affectedRows * (at % 3 === 0 ? -1 : 1)
      await connection.run(`UPDATE ${name} SET ${moved} WHERE n BETWEEN ${first} AND ${last}`)
      await connection.run(`UPDATE counts SET c = c + ${added} WHERE name = '${name}'`)
      await connection.run('COMMIT')
      transactions++
      began()
    } catch (error) {
      // Two writers meet, or a key is there already: this one gives way.
      assert.match(String(error), /Deadlock|Lock wait|Duplicate|Record has changed/)
      await connection.run('ROLLBACK')
    }
  }
  return transactions
}

eachServer('the rows of all chunks are COUNT(*) of the snapshot, while others write', async (kind) => {
  await using server = await startServer(kind, { sql: schema })
  const memory = new MemoryBackup()
  const settings = server.settings()
  /** What each reader's own snapshot counts, after everything is read. */
  const counted: Record<string, number>[] = []
  const open = readersHere(settings, memory)
  const stop = new AbortController()
  const begun = [1, 2, 3].map(() => Promise.withResolvers<void>())
  const writers = begun.map(({ resolve }, at) =>
    write(server, at + 1, { began: () => resolve(), stop: stop.signal }),
  )
  try {
    await Promise.race([Promise.all(begun.map(({ promise }) => promise)), ...writers])
    const result = await dumpLogical({
      settings,
      sink: memory,
      threads: 3,
      worth: { threadBytes: 0, rangeBytes: 256 * 1024 },
      openReader: async (signal) => {
        const reader = await open(signal)
        return {
          session: reader.session,
          read: (...request) => reader.read(...request),
          finish: async () => {
            const counts: Record<string, number> = {}
            for (const name of tables) {
              const [row = {}] = await reader.session.query(`SELECT COUNT(*) AS n FROM t.${name}`)
              counts[name] = numberOf(row, 'n')
            }
            counted.push(counts)
            await reader.finish()
          },
          [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
        }
      },
    })
    const chunked = Object.fromEntries(
      tables.map((name) => {
        const object = result.objects.find((candidate) => candidate.name === `t/${name}`)
        return [name, object === undefined ? -1 : digestOf(object).rows]
      }),
    )
    const ranges = parseLogicalContent(result.content).schemas[0]?.tables.map((table) => table.ranges ?? [])
    assert.ok(
      (ranges?.filter(({ length }) => length > 5).length ?? 0) >= 3,
      'too few tables were cut into ranges',
    )
    assert.equal(counted.length, 3)
    for (const counts of counted) assert.deepEqual(counts, chunked)
    // The writers' own book, as it was in the snapshot.
    const book = memory.text(result, 't/counts').trim().split('\n')
    assert.deepEqual(Object.fromEntries(book.map((line) => line.split('\t'))), textsOf(chunked))
    assert.ok(
      Object.values(chunked).some((rows) => rows !== 10_000),
      'nobody wrote before the snapshot',
    )
    const now = await server.sql('SELECT name, c FROM t.counts ORDER BY 1')
    assert.notEqual(now.trim(), book.join('\n'), 'nobody wrote after the snapshot')
  } finally {
    stop.abort()
    const transactions = await Promise.all(writers)
    assert.ok(Math.min(...transactions) > 3, `${transactions.join(', ')} transactions`)
  }
})

function textsOf(counts: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(counts).map(([name, rows]) => [name, String(rows)]))
}
