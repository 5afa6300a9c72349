// A MariaDB on which no definition is being changed, while everybody goes on committing.
import type { Connection } from '../wire/connection.ts'
import { type LockWait, takeLock } from './lock-wait.ts'

/**
 * MariaDB changes a definition and logs it in two steps. Files of an instant between them hold a statement that their binary log has not: the server that recovers
 * them finishes it and logs it under the next GTID, under which its source has something else (ddl_log.cc). MySQL decides both together. Only the last step of a long
 * ALTER TABLE waits, and is not between. Needs RELOAD; the connection holds the lock, so it ends with it at the latest. Throws LOCK_WAIT, PRIVILEGE_MISSING, and
 * what `work` throws; the caller then closes the connection.
 */
export async function whileDefinitionsStand(
  connection: Connection,
  wait: LockWait,
  work: () => Promise<void>,
): Promise<void> {
  for (const stage of ['START', 'BLOCK_DDL']) await takeLock(connection, `BACKUP STAGE ${stage}`, wait)
  await work()
  await connection.run('BACKUP STAGE END', wait.signal === undefined ? {} : { signal: wait.signal })
}
