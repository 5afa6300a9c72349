// MySQL's consistent snapshot: commits are held up while all sessions begin and the position is read.
import { isHoldfastError } from '../../core/errors.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import type { Connection } from '../../wire/connection.ts'
import { type OpenSnapshot, type SnapshotRequest, snapshotUnderLock } from '../consistent-snapshot.ts'
import { defaultLockBounds, takeLock } from '../lock-wait.ts'
import { currentPoint } from './current-point.ts'

/** LOCK INSTANCE FOR BACKUP: blocks DDL and account statements, not rows; several may hold it. Needs BACKUP_ADMIN. */
export async function lockDefinitions(connection: Connection, options: StatementOptions): Promise<boolean> {
  const { signal } = options
  try {
    const bounds = { ...defaultLockBounds, attempts: 2 }
    await takeLock(connection, 'LOCK INSTANCE FOR BACKUP', bounds, signal === undefined ? {} : { signal })
    return true
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING', 'LOCK_WAIT')) return false
    throw error
  }
}

export function openSnapshot(request: SnapshotRequest): Promise<OpenSnapshot> {
  return snapshotUnderLock(request, (session) => currentPoint(session, { signal: request.signal }))
}
