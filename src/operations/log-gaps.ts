// Why a binary log does not tell all that its server changes: what is recovered from it would lack that silently.
import type { LogCoverage, LogFilters } from '../instance/log-coverage.ts'

export interface LogGap {
  readonly problem: string
  /** How it is mended. */
  readonly hint: string
}

// What was not logged is in no archive: only a backup taken afterwards has it, and only a timeline that begins there is whole.
const afterwards =
  'then take a new backup (holdfast backup URL) and begin a new timeline once (holdfast stream URL --new-timeline).'

/** All that is known; none where the account may not see it. */
export function logGaps(coverage: LogCoverage): readonly LogGap[] {
  const { filters } = coverage
  return [filters === undefined ? undefined : filterGap(filters), replicaGap(coverage)].filter(
    (gap) => gap !== undefined,
  )
}

/** binlog-do-db and binlog-ignore-db: by the default schema of the session for statements, by the table's own for rows. */
export function filterGap({ logged, ignored }: LogFilters): LogGap | undefined {
  if (logged === '' && ignored === '') return undefined
  const parts = [
    ...(logged === '' ? [] : [`only changes in ${logged} are logged (binlog-do-db)`]),
    ...(ignored === '' ? [] : [`changes in ${ignored} are not logged (binlog-ignore-db)`]),
  ]
  return {
    problem: `${parts.join(', and ')}: what is not logged cannot be recovered between backups`,
    hint: `Take binlog-do-db and binlog-ignore-db out of the option file and restart the server, ${afterwards}`,
  }
}

/** What a server applies of others is in its own log only when it is told to log that; on MariaDB it is not by default. */
export function replicaGap({ isReplica, isClusterNode, replicated }: LogCoverage): LogGap | undefined {
  if (replicated.isLogged) return undefined
  if (isClusterNode) {
    return {
      problem: `this is a node of a Galera cluster with ${replicated.variable} = OFF: what other nodes write is not logged`,
      hint: `Put ${replicated.variable} = ON into the option file of this node and restart it, ${afterwards}`,
    }
  }
  if (isReplica !== true) return undefined
  return {
    problem: `this is a replica with ${replicated.variable} = OFF: what it receives from its source is not logged`,
    hint:
      `Stream from its source; or put ${replicated.variable} = ON into the option file of this server and restart it, ` +
      `${afterwards} Where it is a replica no more: RESET REPLICA ALL.`,
  }
}

/** Undefined unless there may be such a gap that the account cannot see. */
export function unseenReplica({ isReplica, isClusterNode, replicated }: LogCoverage): string | undefined {
  if (isReplica !== undefined || isClusterNode || replicated.isLogged) return undefined
  return `${replicated.variable} = OFF, and whether this is a replica, whose changes would not be logged, is not to be seen with this account`
}
