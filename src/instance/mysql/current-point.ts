// Where MySQL's history stands: file, offset and executed GTID set come in one row, so they belong together.
import { isHoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import type { Row } from '../../wire/results.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import { releaseNumber } from '../server-release.ts'
import { serverTimeMicros } from '../server-time.ts'

export async function currentPoint(
  connection: SqlSession,
  options: StatementOptions,
): Promise<RecoveryPoint> {
  const [variables = {}] = await connection.query(
    'SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_mode AS mode',
    options,
  )
  const row = await binaryLogStatus(connection, options)
  const timeMicros = await serverTimeMicros(connection, options)
  // Without the privilege for the status this is all; without a binary log too.
  const executed = row === undefined ? textOf(variables, 'executed') : textOf(row, 'Executed_Gtid_Set')
  return {
    ...(row === undefined
      ? {}
      : { position: { file: textOf(row, 'File'), offset: numberOf(row, 'Position') } }),
    ...(textOf(variables, 'mode') === 'OFF'
      ? {}
      : { gtid: { flavour: 'mysql', text: executed.replaceAll(/\s/g, '') } }),
    timeMicros,
  }
}

/** Undefined without the privilege for it, and without a binary log. */
export async function binaryLogStatus(
  connection: SqlSession,
  options: StatementOptions,
): Promise<Row | undefined> {
  // Renamed in 8.2; the old name is a syntax error since 8.4.
  const statement =
    releaseNumber(connection.serverVersion) >= 80_200 ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'
  try {
    const [row] = await connection.query(statement, options)
    return row
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}
