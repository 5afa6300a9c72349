// MySQL's consistent snapshot: commits are held up while all sessions begin and the position is read.
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import {
  type OpenSnapshot,
  type SnapshotRequest,
  snapshotOfOne,
  snapshotUnderGlobalLock,
  snapshotUnderLock,
} from '../consistent-snapshot.ts'
import { type LockWait, takeLock } from '../lock-wait.ts'
import { currentPoint } from './current-point.ts'
import { snapshotByGtids } from './gtid-bracket.ts'

const instanceLock = 'LOCK INSTANCE FOR BACKUP'

/** LOCK INSTANCE FOR BACKUP: blocks DDL and account statements, not rows; several may hold it. Needs BACKUP_ADMIN. */
export async function lockDefinitions(connection: Connection, wait: LockWait): Promise<boolean> {
  try {
    const bounds = { ...wait.bounds, attempts: 2 }
    await takeLock(connection, instanceLock, { ...wait, bounds })
    return true
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING', 'LOCK_WAIT')) throw error
    if (error.code === 'LOCK_WAIT') wait.emit({ type: 'notice', level: 'info', message: error.message })
    return false
  }
}

export async function openSnapshot(request: SnapshotRequest): Promise<OpenSnapshot> {
  const readPoint = (session: SqlSession) => currentPoint(session, { signal: request.signal })
  if (request.locks === 'all-tables')
    return lettingDdlGoFirst(request, (each) => snapshotUnderGlobalLock(each, readPoint))
  if (request.locks === 'auto') {
    try {
      return await lettingDdlGoFirst(request, (each) => snapshotUnderLock(each, readPoint))
    } catch (error) {
      // Tables without transactions have no moment but under a lock.
      if (!isHoldfastError(error, 'PRIVILEGE_MISSING') || request.nonTransactional.length > 0) throw error
      const bracket = await snapshotByGtids(request)
      if (bracket === undefined) throw error
      return bracket
    }
  }
  const lockFree = (await snapshotByGtids(request)) ?? (await snapshotOfOne(request))
  if (lockFree !== undefined) return lockFree
  throw new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    'without a lock nothing tells that all sessions see one moment: that takes a binary log and gtid_mode = ON, and a moment without commits',
    {},
    { hint: 'Leave out --no-locks; or, on a server without a binary log, use --threads 1.' },
  )
}

/**
 * DDL that waits for the lock on definitions has the lock on all tables, or on its own, wait for it, and that one has all writers wait: then it goes first,
 * and definitions are locked again when tables are, which no DDL outlasts.
 */
async function lettingDdlGoFirst(
  request: SnapshotRequest,
  open: (request: SnapshotRequest) => Promise<OpenSnapshot>,
): Promise<OpenSnapshot> {
  const { guard, signal } = request
  if (guard === undefined) return open(request)
  try {
    return await open({ ...request, bounds: { ...request.bounds, attempts: 1 } })
  } catch (error) {
    if (!isHoldfastError(error, 'LOCK_WAIT')) throw error
    request.emit({ type: 'notice', level: 'info', message: error.message })
    await guard.run('UNLOCK INSTANCE', { signal })
    // Everybody waits meanwhile.
    const bounds = { ...request.bounds, attempts: 1 }
    const whileHeld = () => takeLock(guard, instanceLock, { ...request, bounds })
    return { ...(await open({ ...request, whileHeld })), isGuardedAnew: true }
  }
}
