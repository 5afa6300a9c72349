// Asks a server how much of what it changes its binary log tells.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { dialectOf } from './dialects.ts'
import type { LogCoverage } from './log-coverage.ts'

/** Needs REPLICATION CLIENT on MySQL, BINLOG MONITOR and SLAVE MONITOR on MariaDB to see all of it. */
export function readLogCoverage(
  connection: Connection,
  options: StatementOptions = {},
): Promise<LogCoverage> {
  return dialectOf(connection.flavour).logCoverage(connection, options)
}
