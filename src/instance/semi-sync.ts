// Whether a server waits with its commits for replicas that acknowledge: how it is set up, and how it goes at this moment.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'

/** Of a server that knows semi-synchronous replication as a source at all. */
export interface SemiSync {
  /** What its variables begin with: `rpl_semi_sync_source_`, or `rpl_semi_sync_master_` on MariaDB and older MySQL. */
  readonly prefix: string
  readonly isEnabled: boolean
  /** 'AFTER_SYNC': nobody sees a commit that was not acknowledged. 'AFTER_COMMIT': others see it before. */
  readonly waitPoint: string
  /** After so long without an acknowledgement it goes on without; until one has caught up. */
  readonly timeoutMs: number
  /** Acknowledgements that a commit waits for; MariaDB always waits for one. */
  readonly wanted: number
  readonly canSetWanted: boolean
  /** It also waits while no replica is connected. */
  readonly waitsForNobody: boolean
  /** False also while it is not enabled. */
  readonly isWaiting: boolean
  /** Replicas that acknowledge, connected now. */
  readonly replicas: number
  /** Commits since its start that were not acknowledged in time. */
  readonly unacknowledged: number
}

/** Needs no privilege. Undefined where the server has no such plugin. */
export async function readSemiSync(
  connection: Connection,
  options: StatementOptions,
): Promise<SemiSync | undefined> {
  const values = new Map<string, string>()
  for (const what of ['VARIABLES', 'STATUS']) {
    const rows = await connection.query(`SHOW GLOBAL ${what} LIKE 'rpl\\_semi\\_sync\\_%'`, options)
    for (const row of rows) values.set(textOf(row, 'Variable_name').toLowerCase(), textOf(row, 'Value'))
  }
  const prefix = ['rpl_semi_sync_source_', 'rpl_semi_sync_master_'].find((each) =>
    values.has(`${each}enabled`),
  )
  if (prefix === undefined) return undefined
  const value = (name: string) => values.get(prefix + name)
  return {
    prefix,
    isEnabled: value('enabled') === 'ON',
    waitPoint: value('wait_point') ?? '',
    timeoutMs: Number(value('timeout')),
    wanted: Number(value('wait_for_replica_count') ?? value('wait_for_slave_count') ?? 1),
    canSetWanted:
      value('wait_for_replica_count') !== undefined || value('wait_for_slave_count') !== undefined,
    waitsForNobody: (value('wait_no_replica') ?? value('wait_no_slave')) === 'ON',
    isWaiting: value('status') === 'ON',
    replicas: Number(value('clients')),
    unacknowledged: Number(value('no_tx')),
  }
}

/** How many commits wait for an acknowledgement at this moment. Needs no privilege. */
export async function waitingCommits(connection: Connection, options: StatementOptions): Promise<number> {
  const rows = await connection.query(
    "SHOW GLOBAL STATUS LIKE 'rpl\\_semi\\_sync\\_%\\_wait\\_sessions'",
    options,
  )
  return rows.reduce((sum, row) => sum + Number(textOf(row, 'Value')), 0)
}
