// Tables as sysbench makes them: an integer key, an indexed integer, and two columns of digits in groups.
import type { TestServer } from '../test/support/servers.ts'

// 12 digits a group, 10 groups in c and 5 in pad: about 194 bytes of text a row.
const digits = (groups: number) =>
  `CONCAT_WS('-', ${Array.from({ length: groups }, () => "LPAD(FLOOR(RAND() * 99999999999), 11, '0')").join(', ')})`

/** Options of every comparison on these tables. */
export const sampleOptions = {
  tables: { type: 'string', default: '4' },
  rows: { type: 'string', default: '250000' },
} as const

/** Fills schema `bench` with `tables` tables of `rows` rows each, in key order. */
export async function fillSampleTables(server: TestServer, tables: number, rows: number): Promise<void> {
  await server.sql('CREATE DATABASE bench')
  for (let table = 1; table <= tables; table++) {
    await server.sql(
      `CREATE TABLE bench.sbtest${table} (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0,
         c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY k_${table} (k))`,
    )
    // Batches keep the transaction, and with it the undo log and the binary log cache, small.
    const batch = 100_000
    for (let from = 0; from < rows; from += batch) {
      const count = Math.min(batch, rows - from)
      await server.sql(
        `SET SESSION sql_log_bin = 0;
         INSERT INTO bench.sbtest${table} (id, k, c, pad)
         SELECT ${from} + n.i, FLOOR(RAND() * ${rows}), ${digits(10)}, ${digits(5)} FROM (${numbers(count)}) n`,
      )
    }
    // What information_schema says of sizes is a guess until then.
    await server.sql(`ANALYZE TABLE bench.sbtest${table}`)
  }
}

/** A derived table of the numbers 1 to `count` (at most 100,000) in order, in SQL that both flavours take. */
function numbers(count: number): string {
  const ten = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} d`).join(' UNION ALL ')
  const places = ['a', 'b', 'c', 'd', 'e']
  const value = places.map((place, index) => `${place}.d * ${10 ** (places.length - 1 - index)}`).join(' + ')
  const tables = places.map((place) => `(${ten}) ${place}`).join(', ')
  return `SELECT 1 + ${value} i FROM ${tables} HAVING i <= ${count} ORDER BY i`
}
