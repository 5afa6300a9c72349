// MariaDB held still: its backup stages, of which only the last makes commits wait.
import type { Connection } from '../../wire/connection.ts'
import { type LockWait, takeLock } from '../lock-wait.ts'
import type { StillLock } from '../still-moment.ts'

/** FLUSH closes tables without transactions, BLOCK_DDL waits for DDL and for writes to them; rows of others are written meanwhile. Needs RELOAD. */
export async function holdStill(connection: Connection, wait: LockWait): Promise<StillLock> {
  for (const stage of ['START', 'FLUSH', 'BLOCK_DDL'])
    await takeLock(connection, `BACKUP STAGE ${stage}`, wait)
  await takeLock(connection, 'BACKUP STAGE BLOCK_COMMIT', wait)
  return {
    rung: 'backup-stage',
    sinceMs: performance.now(),
    release: async (holder) => {
      await holder.run('BACKUP STAGE END')
    },
  }
}
