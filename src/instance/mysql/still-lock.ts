// MySQL held still: a global read lock, which waits for what is under way, DDL too, and has everybody else wait behind it.
import type { Connection } from '../../wire/connection.ts'
import { type LockWait, takeLock } from '../lock-wait.ts'
import type { StillLock } from '../still-moment.ts'

/**
 * Needs RELOAD. Without LOCK INSTANCE FOR BACKUP before it: DDL that waits for that one has locked the global read lock out already, and the server
 * resolves the deadlock by an error to the DDL.
 */
export async function holdStill(connection: Connection, wait: LockWait): Promise<StillLock> {
  await takeLock(connection, 'FLUSH TABLES WITH READ LOCK', wait)
  return {
    rung: 'flush-tables-with-read-lock',
    sinceMs: performance.now(),
    release: async (holder) => {
      await holder.run('UNLOCK TABLES')
    },
  }
}
