// The target of a replay: what it has applied, how it keeps that, and how it is left right in the end.
import type { GtidState, RecoveryPoint } from '../../core/recovery-point.ts'
import type { Connection } from '../../wire/connection.ts'
import { mariadbTarget } from '../mariadb/target.ts'
import { mysqlTarget } from '../mysql/target.ts'
import type { Dialect } from './dialect.ts'

export interface TargetOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ReplayTarget {
  readonly dialect: Dialect
  /** What it has executed; undefined where it keeps no GTIDs, so that an interrupted replay cannot go on. */
  readonly executed: GtidState | undefined
  /** Server errors that say that the transaction an interrupted replay goes on with had been applied after all. */
  readonly toleratedAtFirst: ReadonlySet<number>
  /** XA transactions that are prepared on it, as XA statements name them. */
  readonly preparedXids: ReadonlySet<string>
  /** Global variables to hold at these values during the replay. */
  readonly globals: Readonly<Record<string, string>>
  /** Sets and answers what the target stands at when everything has been applied. */
  settle(end: RecoveryPoint, options: TargetOptions): Promise<GtidState | undefined>
}

/** Looks at a target through `connection`, which is used again by `settle`. */
export function inspectTarget(connection: Connection, options: TargetOptions): Promise<ReplayTarget> {
  return connection.flavour === 'mysql'
    ? mysqlTarget(connection, options)
    : mariadbTarget(connection, options)
}
