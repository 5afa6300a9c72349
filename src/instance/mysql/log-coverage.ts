// What MySQL may change without its binary log telling.
import { isHoldfastError } from '../../core/errors.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import { textOf } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import { isClusterNode } from '../galera.ts'
import { type LogCoverage, logFilters } from '../log-coverage.ts'
import { releaseNumber } from '../server-release.ts'
import { binaryLogStatus } from './current-point.ts'

export async function logCoverage(connection: SqlSession, options: StatementOptions): Promise<LogCoverage> {
  const status = await binaryLogStatus(connection, options)
  const isReplica = await isSetUpAsReplica(connection, options)
  return {
    ...(status === undefined ? {} : { filters: logFilters(status) }),
    ...(isReplica === undefined ? {} : { isReplica }),
    isClusterNode: await isClusterNode(connection, options),
    replicated: await logsReplicated(connection, options),
  }
}

/** Renamed in 8.0.26; the old name goes on to exist for now. */
async function logsReplicated(
  connection: SqlSession,
  options: StatementOptions,
): Promise<LogCoverage['replicated']> {
  const rows = await connection.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_replica_updates', 'log_slave_updates')",
    options,
  )
  const [row = {}] = rows.toSorted((a, b) =>
    textOf(a, 'Variable_name') < textOf(b, 'Variable_name') ? -1 : 1,
  )
  return { variable: textOf(row, 'Variable_name'), isLogged: textOf(row, 'Value') === 'ON' }
}

async function isSetUpAsReplica(
  connection: SqlSession,
  options: StatementOptions,
): Promise<boolean | undefined> {
  // New in 8.0.22; the old name is a syntax error since 8.4. Channels that stand still are shown, too.
  const statement =
    releaseNumber(connection.serverVersion) >= 80_022 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
  try {
    return (await connection.query(statement, options)).length > 0
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}
