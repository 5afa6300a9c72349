// What MariaDB may change without its binary log telling.
import { isHoldfastError } from '../../core/errors.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import { numberOf } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import { isClusterNode } from '../galera.ts'
import { type LogCoverage, logFilters } from '../log-coverage.ts'
import { binaryLogStatus } from './current-point.ts'

export async function logCoverage(session: SqlSession, options: StatementOptions): Promise<LogCoverage> {
  const status = await binaryLogStatus(session, options)
  const isReplica = await isSetUpAsReplica(session, options)
  const [row = {}] = await session.query('SELECT @@GLOBAL.log_slave_updates AS isLogged', options)
  return {
    ...(status === undefined ? {} : { filters: logFilters(status) }),
    ...(isReplica === undefined ? {} : { isReplica }),
    isClusterNode: await isClusterNode(session, options),
    replicated: { variable: 'log_slave_updates', isLogged: numberOf(row, 'isLogged') === 1 },
  }
}

async function isSetUpAsReplica(
  session: SqlSession,
  options: StatementOptions,
): Promise<boolean | undefined> {
  try {
    return (await session.query('SHOW ALL SLAVES STATUS', options)).length > 0
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING')) throw error
  }
  // Everybody may see how many of them apply events at this moment; those that stand still are not counted.
  const [running = {}] = await session.query("SHOW GLOBAL STATUS LIKE 'Slaves_running'", options)
  return numberOf(running, 'Value') > 0 ? true : undefined
}
