// Everything that two servers must have in common to hold the same data, as lines of text that can be compared.
import { createHash } from 'node:crypto'
import { quoteName, quoteQualified, quoteText } from '../../src/instance/sql-text.ts'
import { Connection } from '../../src/wire/connection.ts'
import type { Row } from '../../src/wire/results.ts'
import type { TestServer } from './servers.ts'

const system = "('mysql','information_schema','performance_schema','sys')"

/** Definitions, rows by checksum, code, events, accounts and grants. Counters of AUTO_INCREMENT are left out: they may run ahead. */
export async function describeContents(server: TestServer): Promise<string[]> {
  await using connection = await Connection.open(server.settings())
  const all = (sql: string): Promise<readonly Row[]> => connection.query(sql)
  const lines: string[] = []
  const add = async (sql: string): Promise<void> => {
    for (const row of await all(sql))
      lines.push(withoutCounter(JSON.stringify(Object.values(row).map(plain))))
  }
  await add(
    `SELECT schema_name, default_character_set_name FROM information_schema.schemata WHERE schema_name NOT IN ${system} ORDER BY 1`,
  )
  const tables = await all(
    `SELECT table_schema AS s, table_name AS t, table_type AS k FROM information_schema.tables WHERE table_schema NOT IN ${system} ORDER BY 1, 2`,
  )
  for (const { s, t, k } of tables) {
    const name = quoteQualified(String(s), String(t))
    await add(k === 'VIEW' ? `SHOW CREATE VIEW ${name}` : `SHOW CREATE TABLE ${name}`)
    if (k === 'VIEW') continue
    lines.push(`${String(s)}.${String(t)} ${await rowsDigest(all, String(s), String(t))}`)
    if (k === 'SEQUENCE') await add(`SELECT * FROM ${name}`)
    if (k === 'SYSTEM VERSIONED') {
      await add(`SELECT *, row_start, row_end FROM ${name} FOR SYSTEM_TIME ALL ORDER BY 1, row_end`)
    }
  }
  await add(
    `SELECT routine_schema, routine_name, routine_type, routine_definition, definer, sql_mode, character_set_client, ` +
      `collation_connection, database_collation FROM information_schema.routines WHERE routine_schema NOT IN ${system} ORDER BY 1, 2`,
  )
  await add(
    `SELECT trigger_schema, trigger_name, event_object_table, action_statement, definer, sql_mode ` +
      `FROM information_schema.triggers WHERE trigger_schema NOT IN ${system} ORDER BY 1, 2`,
  )
  await add(
    'SELECT event_schema, event_name, event_definition, interval_value, execute_at, starts, status, event_comment, definer ' +
      'FROM information_schema.events ORDER BY 1, 2',
  )
  const accounts = await all(
    `SELECT user AS u, host AS h FROM mysql.user WHERE user LIKE 'div%' ORDER BY 1, 2`,
  )
  for (const { u, h } of accounts) {
    const account = h === '' ? `'${String(u)}'` : `'${String(u)}'@'${String(h)}'`
    await add(`SHOW GRANTS FOR ${account}`)
    if (h !== '') await add(`SHOW CREATE USER ${account}`)
  }
  return lines
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return Buffer.isBuffer(value) ? value.toString('hex') : value
}

function withoutCounter(line: string): string {
  return line.replace(/ AUTO_INCREMENT=\d+/, '')
}

/**
 * Number of rows, and one hash of all their cells whatever their order. Not CHECKSUM TABLE: MariaDB counts a byte in that has no meaning where
 * no column may be NULL.
 */
async function rowsDigest(
  all: (sql: string) => Promise<readonly Row[]>,
  schema: string,
  table: string,
): Promise<string> {
  const columns = await all(
    `SELECT column_name AS c FROM information_schema.columns
     WHERE table_schema = ${quoteText(schema)} AND table_name = ${quoteText(table)} ORDER BY ordinal_position`,
  )
  const cells = columns.map(({ c }) => `COALESCE(HEX(CONCAT('', ${quoteName(String(c))})), 'NULL')`)
  const rows = await all(
    `SELECT SHA2(CONCAT_WS(',', ${cells.join(', ')}), 256) AS h FROM ${quoteQualified(schema, table)} ORDER BY h`,
  )
  const hash = createHash('sha256')
  for (const { h } of rows) hash.update(String(h))
  return `${rows.length} rows, ${hash.digest('hex')}`
}
