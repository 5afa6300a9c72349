// MariaDB held still: its backup stages, of which only the last makes commits wait.
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf } from '../../wire/row-values.ts'
import { type LockWait, takeLock } from '../lock-wait.ts'
import type { StillLock } from '../still-moment.ts'

/** FLUSH closes tables without transactions, BLOCK_DDL waits for DDL and for writes to them; rows of others are written meanwhile. Needs RELOAD. */
export async function holdStill(connection: Connection, wait: LockWait): Promise<StillLock> {
  for (const stage of ['START', 'FLUSH', 'BLOCK_DDL'])
    await takeLock(connection, `BACKUP STAGE ${stage}`, wait)
  await takeLock(connection, 'BACKUP STAGE BLOCK_COMMIT', wait)
  const sinceMs = performance.now()
  await untilLogIsWritten(connection, wait)
  return {
    rung: 'backup-stage',
    sinceMs,
    release: async (holder) => {
      await holder.run('BACKUP STAGE END')
    },
  }
}

/** It is written once a second (innodb_flush_log_at_timeout); commits wait meanwhile. */
const writtenWithinMs = 5000
const pauseMs = 20

/**
 * With innodb_flush_log_at_trx_commit = 0 commits are in memory alone, and FLUSH ENGINE LOGS does nothing (ha_innodb.cc, innobase_flush_logs): only the
 * server's own clock writes them. Throws SNAPSHOT_UNPROVEN where that takes too long.
 */
async function untilLogIsWritten(connection: Connection, { signal }: LockWait): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  const [setting = {}] = await connection.query(
    'SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS mode',
    options,
  )
  if (numberOf(setting, 'mode') !== 0) return
  const lsnOf = async (name: string): Promise<number> => {
    const [row = {}] = await connection.query(`SHOW GLOBAL STATUS LIKE '${name}'`, options)
    return numberOf(row, 'Value')
  }
  const committed = await lsnOf('Innodb_lsn_current')
  const deadline = performance.now() + writtenWithinMs
  while ((await lsnOf('Innodb_lsn_flushed')) < committed) {
    if (performance.now() > deadline) throw staysInMemory()
    await sleep(pauseMs, undefined, options)
  }
}

function staysInMemory(): HoldfastError {
  return new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    `commits stayed in the server's memory for ${writtenWithinMs / 1000} s (innodb_flush_log_at_trx_commit = 0), and no file has them`,
    {},
    {
      hint: 'Set innodb_flush_log_at_trx_commit to 1 or 2, or innodb_flush_log_at_timeout to 1, for the time of the backup.',
    },
  )
}
