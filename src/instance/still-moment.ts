// A moment in which a whole server stands still: nobody commits, changes a definition, or writes to a table of whatever engine.
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { Connection } from '../wire/connection.ts'
import { currentPoint } from './current-point.ts'
import { dialectOf } from './dialects.ts'
import type { LockWait } from './lock-wait.ts'

/**
 * How a server is held still:
 * - `backup-stage`: BACKUP STAGE up to BLOCK_COMMIT (MariaDB).
 * - `flush-tables-with-read-lock`: MySQL.
 */
export type StillRung = 'backup-stage' | 'flush-tables-with-read-lock'

/** What a flavour does for it. */
export interface StillLock {
  readonly rung: StillRung
  /** When commits began to wait, as performance.now() tells it. */
  readonly sinceMs: number
  readonly release: (connection: Connection) => Promise<void>
}

export interface StillMoment {
  /** Exactly what the server held meanwhile. */
  readonly point: RecoveryPoint
  readonly rung: StillRung
  /** How long commits waited. */
  readonly heldMs: number
}

/**
 * Does `work` while the server stands still and all that was committed is in its files. The connection holds the locks, so they end with it at the
 * latest. Throws LOCK_WAIT and PRIVILEGE_MISSING, and what `work` throws; the caller then closes the connection.
 */
export async function whileStill(
  connection: Connection,
  wait: LockWait,
  work: () => Promise<void>,
): Promise<StillMoment> {
  const options = wait.signal === undefined ? {} : { signal: wait.signal }
  const lock = await dialectOf(connection.flavour).holdStill(connection, wait)
  // InnoDB commits in memory what the binary log has already: without this a recovery by the files alone would lose it. The statement is not logged
  // itself, or the position would move.
  await connection.run('FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS', options)
  const point = await currentPoint(connection, options)
  await work()
  await lock.release(connection)
  return { point, rung: lock.rung, heldMs: Math.ceil(performance.now() - lock.sinceMs) }
}
