// MariaDB's consistent snapshot: without a lock where there is a binary log, because each session then knows its place in it.
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { BinlogPosition, RecoveryPoint } from '../../core/recovery-point.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import {
  beginAll,
  lockNonTransactional,
  type OpenSnapshot,
  type SnapshotRequest,
  snapshotOfOne,
  snapshotUnderGlobalLock,
  snapshotUnderLock,
} from '../consistent-snapshot.ts'
import { type LockWait, takeLock } from '../lock-wait.ts'
import { serverTimeMicros } from '../server-time.ts'
import { currentPoint, gtidBinlogPos, gtidPositionAt } from './current-point.ts'
import { logCoverage } from './log-coverage.ts'

// On a server that commits 2,000 times a second two sessions begin at the same place in about every second attempt.
const binlogAttempts = 60

/**
 * Backup stages up to BLOCK_DDL: block DDL, and writes to tables without transactions, but not account statements. Only one session of
 * a server can hold them, so a second backup goes without. Needs RELOAD.
 */
export async function lockDefinitions(connection: Connection, wait: LockWait): Promise<boolean> {
  const bounds = { ...wait.bounds, attempts: 1 }
  try {
    for (const stage of ['START', 'BLOCK_DDL']) {
      await takeLock(connection, `BACKUP STAGE ${stage}`, { ...wait, bounds })
    }
    return true
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING', 'LOCK_WAIT')) throw error
    if (error.code === 'LOCK_WAIT') {
      wait.emit({ type: 'notice', level: 'info', message: error.message })
      // Perhaps it got as far as START.
      await connection.run('BACKUP STAGE END').catch(ignoreNotStarted)
    }
    return false
  }
}

function ignoreNotStarted(error: unknown): void {
  // "You must start backup with BACKUP STAGE START": then there is nothing to end.
  if (!isHoldfastError(error, 'SERVER_ERROR')) throw error
}

export async function openSnapshot(request: SnapshotRequest): Promise<OpenSnapshot> {
  const readPoint = (session: SqlSession) => currentPoint(session, { signal: request.signal })
  if (request.locks === 'all-tables') return snapshotUnderGlobalLock(request, readPoint)
  const isSound = request.workers.length < 2 || (await logsEveryCommit(request))
  const lockFree = isSound ? await snapshotByBinlog(request) : undefined
  if (lockFree !== undefined) return lockFree
  if (request.locks === 'auto') return snapshotUnderLock(request, readPoint)
  const alone = await snapshotOfOne(request)
  if (alone !== undefined) return alone
  throw new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    'without a lock the binary log must tell that all sessions see one moment, and it does not on this server',
    {},
    { hint: 'Leave out --no-locks; or, on a server without a binary log, use --threads 1.' },
  )
}

/**
 * Whether two views at one place in the binary log are one view: a commit that is not logged comes between them unseen. That is so on a
 * replica without log_slave_updates, and for schemas that a filter keeps out of the log. One session alone has one view anyway.
 */
async function logsEveryCommit({ workers, signal }: SnapshotRequest): Promise<boolean> {
  const [witness] = workers
  if (witness === undefined) return false
  const { filters, replicated, isReplica } = await logCoverage(witness, { signal })
  if (isReplica === true && !replicated.isLogged) return false
  // Without BINLOG MONITOR there is no telling, so a lock it is.
  return filters !== undefined && filters.logged === '' && filters.ignored === ''
}

/**
 * START TRANSACTION WITH CONSISTENT SNAPSHOT takes the order of commits into account, and binlog_snapshot_file/_position tell to which
 * place of the binary log the session's view belongs (mariadb.com/kb: "Enhancements for START TRANSACTION WITH CONSISTENT SNAPSHOT").
 * Sessions with one place have one view.
 */
async function snapshotByBinlog(request: SnapshotRequest): Promise<OpenSnapshot | undefined> {
  const { workers, signal } = request
  const [witness] = workers
  if (witness === undefined) return undefined
  const startedMs = performance.now()
  const tableLock = request.locks === 'none' ? undefined : await lockNonTransactional(request)
  try {
    for (let attempt = 0; attempt < binlogAttempts; attempt++) {
      const before = await gtidBinlogPos(witness, { signal })
      await beginAll(request)
      const place = await snapshotPlace(witness, { signal })
      if (place === undefined) break
      if (!(await haveOnePlace(workers, place, signal))) continue
      const after = await gtidBinlogPos(witness, { signal })
      const text = await gtidPositionAt(witness, place, { before, after }, { signal })
      if (text === undefined) break
      const point: RecoveryPoint = {
        position: place,
        gtid: { flavour: 'mariadb', text },
        timeMicros: await serverTimeMicros(witness, { signal }),
      }
      const heldMs = tableLock === undefined ? 0 : Math.ceil(performance.now() - startedMs)
      return { point, rung: 'binlog-snapshot', heldMs, tableLock }
    }
  } catch (error) {
    tableLock?.destroy()
    throw error
  }
  await tableLock?.close()
  return undefined
}

async function haveOnePlace(
  workers: readonly SqlSession[],
  place: BinlogPosition,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const worker of workers) {
    const own = await snapshotPlace(worker, { signal })
    if (own?.file !== place.file || own.offset !== place.offset) return false
  }
  return true
}

// TC_LOG_BINLOG::set_status_variables writes a session's place to a variable that all sessions share, and SHOW STATUS reads it from
// there: four sessions that do nothing else got another one's place in 1 % of all answers. A place counts when so many answers in a row
// agree, which by that measure goes wrong once in 10^16.
const agreeingAnswers = 8
const maxAnswers = 1000

/**
 * The place in the binary log that a session's snapshot belongs to. Undefined when the server has no binary log, or when the answers
 * do not come to agree.
 */
export async function snapshotPlace(
  session: SqlSession,
  options: StatementOptions,
): Promise<BinlogPosition | undefined> {
  let place: BinlogPosition | undefined
  let agreeing = 0
  for (let answer = 0; answer < maxAnswers; answer++) {
    const next = await answeredPlace(session, options)
    if (next === undefined) return undefined
    agreeing = next.file === place?.file && next.offset === place.offset ? agreeing + 1 : 1
    place = next
    if (agreeing === agreeingAnswers) return place
  }
  return undefined
}

async function answeredPlace(
  session: SqlSession,
  options: StatementOptions,
): Promise<BinlogPosition | undefined> {
  const rows = await session.query("SHOW SESSION STATUS LIKE 'binlog_snapshot_%'", options)
  const values = new Map(
    rows.map((row) => [textOf(row, 'Variable_name').toLowerCase(), textOf(row, 'Value')]),
  )
  const file = values.get('binlog_snapshot_file') ?? ''
  return file === '' ? undefined : { file, offset: Number(values.get('binlog_snapshot_position')) }
}
