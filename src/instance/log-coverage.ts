// What a server may change without its binary log telling: schemas that a filter keeps out, and what it applies of other servers.

import type { Row } from '../wire/results.ts'
import { textOf } from '../wire/row-values.ts'

export interface LogFilters {
  /** Schemas that alone are logged, with commas between; '' is all. */
  readonly logged: string
  /** Schemas that are not logged, with commas between; '' is none. */
  readonly ignored: string
}

export interface LogCoverage {
  /** Absent where the account may not see them, and without a binary log. */
  readonly filters?: LogFilters
  /** Whether what it applies of other servers gets into its own log, and the variable that says so. */
  readonly replicated: { readonly isLogged: boolean; readonly variable: string }
  /** Whether it is set up as a replica, running or not. Absent where the account may not see it. */
  readonly isReplica?: boolean
  /** Whether it is a node of a Galera cluster. */
  readonly isClusterNode: boolean
}

/** From the row of SHOW BINARY LOG STATUS. */
export function logFilters(status: Row): LogFilters {
  return { logged: textOf(status, 'Binlog_Do_DB'), ignored: textOf(status, 'Binlog_Ignore_DB') }
}
