// The clock of a server.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { bigintOf } from '../wire/row-values.ts'

/** Microseconds since 1970-01-01 UTC. */
export async function serverTimeMicros(
  connection: Connection,
  options: StatementOptions = {},
): Promise<number> {
  const [row = {}] = await connection.query(
    'SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS micros',
    options,
  )
  return Number(bigintOf(row, 'micros'))
}
