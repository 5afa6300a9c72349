// Everything about an instance in which MySQL and MariaDB differ, behind one face: see mysql/ and mariadb/, which mirror each other.
import type { Flavour } from '../core/flavour.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import type { OpenSnapshot, SnapshotRequest } from './consistent-snapshot.ts'
import type { LockWait } from './lock-wait.ts'
import type { LogCoverage } from './log-coverage.ts'
import type { PrivilegeNeed, Purpose } from './privilege-need.ts'
import type { ServerVariables } from './server-variables.ts'
import type { StillLock } from './still-moment.ts'

export interface FlavourFacts {
  readonly serverUuid?: string
  readonly gtidDomainId?: number
  readonly gtidMode?: string
}

/** Clauses of SET SESSION. */
export interface SessionSettings {
  readonly required: readonly string[]
  /** One by one, because each may need a privilege that the account lacks. */
  readonly optional: readonly string[]
}

export interface GtidStateOptions extends StatementOptions {
  /**
   * Deletes the binary logs and GTID history of the server first. Only for a target that holds nothing but what was just
   * restored into it.
   */
  readonly resetBinaryLogs?: boolean
}

export interface InstanceDialect {
  readonly flavour: Flavour
  /** Releases before this one are refused. */
  readonly oldestRelease: number
  facts(variables: ServerVariables): FlavourFacts
  retentionSeconds(variables: ServerVariables): number
  /** The statement that shows the grants of the current account with its active roles. */
  showGrants(connection: Connection): Promise<string>
  /**
   * What makes a session of this server read rows and definitions exactly.
   */
  readSettings(release: number): SessionSettings
  /** The same for a session that restores. */
  loadSettings(release: number): SessionSettings
  needs(purpose: Purpose, release: number): readonly PrivilegeNeed[]
  currentPoint(connection: Connection, options: StatementOptions): Promise<RecoveryPoint>
  logCoverage(connection: Connection, options: StatementOptions): Promise<LogCoverage>
  /** Blocks DDL on the whole server for as long as the connection lives. False when it may not or could not in time. */
  lockDefinitions(connection: Connection, wait: LockWait): Promise<boolean>
  openSnapshot(request: SnapshotRequest): Promise<OpenSnapshot>
  /** See whileStill. */
  holdStill(connection: Connection, wait: LockWait): Promise<StillLock>
  setGtidState(connection: Connection, point: RecoveryPoint, options: GtidStateOptions): Promise<void>
}
