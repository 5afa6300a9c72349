// The members of ENUM and SET as MySQL has them, not as it shows them.
import { quoteName, quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { ColumnPlace } from '../dialect.ts'

/**
 * MySQL has no variables of a column's type, so a temporary table of it is made, which needs CREATE TEMPORARY TABLES on the schema:
 * undefined where that is refused, or would be written to the binary log.
 */
export async function readMembers(
  connection: Connection,
  { schema, table, column }: ColumnPlace,
  values: readonly bigint[],
): Promise<readonly string[] | undefined> {
  const [format = {}] = await connection.query('SELECT @@SESSION.binlog_format AS format')
  if (textOf(format, 'format') !== 'ROW') return undefined
  const temporary = quoteQualified(schema, 'holdfast_members')
  const name = quoteName(column)
  try {
    await connection.run(
      `CREATE TEMPORARY TABLE ${temporary} SELECT ${name} FROM ${quoteQualified(schema, table)} LIMIT 0`,
    )
  } catch (error) {
    if (serverErrno(error) === undefined) throw error
    return undefined
  }
  await connection.run(`INSERT INTO ${temporary} VALUES ${values.map((value) => `(${value})`).join(', ')}`)
  const rows = await connection.query(
    `SELECT HEX(CONVERT(${name} USING utf8mb4)) AS hex FROM ${temporary} ORDER BY CAST(${name} AS UNSIGNED)`,
  )
  await connection.run(`DROP TEMPORARY TABLE ${temporary}`)
  return rows.map((row) => Buffer.from(textOf(row, 'hex'), 'hex').toString('utf8'))
}
