// The clock of a server.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import { bigintOf } from '../wire/row-values.ts'
import type { SqlSession } from '../wire/sql-session.ts'

/** Microseconds since 1970-01-01 UTC. */
export async function serverTimeMicros(
  connection: SqlSession,
  options: StatementOptions = {},
): Promise<number> {
  const [row = {}] = await connection.query(
    'SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS micros',
    options,
  )
  return Number(bigintOf(row, 'micros'))
}
