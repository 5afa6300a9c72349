// One moment of a server seen by several sessions at once: the words for it, and the steps that both flavours share.

import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { numberOf } from '../wire/row-values.ts'
import type { SqlSession } from '../wire/sql-session.ts'
import type { TableName } from './instance-facts.ts'
import { type LockWait, takeLock } from './lock-wait.ts'
import { serverTimeMicros } from './server-time.ts'
import { quoteQualified } from './sql-text.ts'

/**
 * How the sessions were brought to one moment:
 * - `binlog-snapshot`: without a lock; the server tells each session's place in the binary log, and they were equal (MariaDB).
 * - `flush-tables-with-read-lock`: all commits held up while the sessions began.
 * - `lock-tables`: writes to the tables that are dumped held up while the sessions began.
 * - `gtid-bracket`: without a lock; the set of executed GTIDs was the same before and after, and no commit was under way (MySQL).
 * - `global-read-lock`: writes to all tables held up until everything is read, because the user wants it so.
 * - `single-session`: without a lock and without a binary log: one session, which has one view.
 */
export const lockRungs = [
  'binlog-snapshot',
  'flush-tables-with-read-lock',
  'lock-tables',
  'gtid-bracket',
  'global-read-lock',
  'single-session',
] as const
export type LockRung = (typeof lockRungs)[number]

/** `auto`: as little as proves one moment. `all-tables`: a global read lock for the whole backup. `none`: no lock on rows whatever happens. */
export type LockChoice = 'auto' | 'all-tables' | 'none'

export interface SnapshotRequest extends LockWait {
  /** Sessions to begin; each must have the settings for reading. */
  readonly workers: readonly SqlSession[]
  /** Opens one more session with these settings. */
  readonly openSession: () => Promise<Connection>
  /** Everything that will be read. */
  readonly tables: readonly TableName[]
  /** Those of them whose engine knows no snapshot: they stay read-locked until `releaseTables`. */
  readonly nonTransactional: readonly TableName[]
  readonly locks: LockChoice
  /** The session that has definitions locked, if one has. */
  readonly guard?: Connection | undefined
  /** Done as soon as nobody can write, and before the sessions begin. */
  readonly whileHeld?: () => Promise<void>
}

export interface OpenSnapshot {
  /** Exactly what the workers see. */
  readonly point: RecoveryPoint
  readonly rung: LockRung
  /** How long writes of others were held up, tables without transactions apart. */
  readonly heldMs: number
  /** The session that holds the read locks on tables without transactions; the caller closes it when they are read. */
  readonly tableLock: Connection | undefined
  /** The session that holds a global read lock; the caller ends it when everything is read. */
  readonly globalLock?: Connection
  /** The guard had to let definitions go and has locked them again at this moment: what was read of them before may be old. */
  readonly isGuardedAnew?: boolean
}

const begin = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'

export async function beginAll(request: SnapshotRequest): Promise<void> {
  const { workers, signal } = request
  await Promise.all(workers.map((worker) => worker.run(begin, { signal })))
}

const noTables = 'holdfast_no_tables'

/** To be said within the snapshot before the first table is read; see letTablesGo. */
export async function markNoTables(session: SqlSession, options: StatementOptions): Promise<void> {
  await session.run(`SAVEPOINT ${noTables}`, options)
}

/**
 * Gives up the metadata locks of all tables read since markNoTables; the session still sees what it saw. A transaction keeps them to its
 * end, and MariaDB looks through all that a session has, one by one, for every table that it opens: 100,000 tables would take hours. There it needs sql_log_bin = 0.
 */
export async function letTablesGo(session: SqlSession, options: StatementOptions): Promise<void> {
  await session.run(`ROLLBACK TO SAVEPOINT ${noTables}`, options)
}

/** Begins all sessions while nobody can commit (or, without RELOAD, write to the tables of the request). */
export async function snapshotUnderLock(
  request: SnapshotRequest,
  readPoint: (session: Connection) => Promise<RecoveryPoint>,
): Promise<OpenSnapshot> {
  await using lock = await request.openSession()
  let held: HeldLocks | undefined
  try {
    held = (await flushWithReadLock(lock, request)) ?? (await lockAllTables(lock, request))
    await request.whileHeld?.()
    await beginAll(request)
    const point = await readPoint(lock)
    await lock.run('UNLOCK TABLES', { signal: request.signal })
    const heldMs = Math.ceil(performance.now() - held.sinceMs)
    return { point, rung: held.rung, heldMs, tableLock: held.tableLock }
  } catch (error) {
    // The locks go with their sessions; no statement is sent on one that may be lost.
    lock.destroy()
    held?.tableLock?.destroy()
    throw error
  }
}

/** Writes wait until the caller ends the lock, so that tables of every kind stand still. */
export async function snapshotUnderGlobalLock(
  request: SnapshotRequest,
  readPoint: (session: Connection) => Promise<RecoveryPoint>,
): Promise<OpenSnapshot> {
  const lock = await request.openSession()
  try {
    await takeLock(lock, 'FLUSH TABLES WITH READ LOCK', request)
    const sinceMs = performance.now()
    await request.whileHeld?.()
    await beginAll(request)
    const point = await readPoint(lock)
    const heldMs = Math.ceil(performance.now() - sinceMs)
    return { point, rung: 'global-read-lock', heldMs, tableLock: undefined, globalLock: lock }
  } catch (error) {
    lock.destroy()
    throw error
  }
}

/** A single session of a server without a binary log needs nothing to be at one moment, which then has no other name than its time. */
export async function snapshotOfOne(request: SnapshotRequest): Promise<OpenSnapshot | undefined> {
  const { workers, signal } = request
  const [session, ...others] = workers
  if (session === undefined || others.length > 0) return undefined
  const [row = {}] = await session.query('SELECT @@GLOBAL.log_bin AS log', { signal })
  if (numberOf(row, 'log') !== 0) return undefined
  await beginAll(request)
  const point = { timeMicros: await serverTimeMicros(session, { signal }) }
  return { point, rung: 'single-session', heldMs: 0, tableLock: undefined }
}

interface HeldLocks {
  readonly rung: LockRung
  readonly sinceMs: number
  readonly tableLock: Connection | undefined
}

/** Undefined when the account may not. */
async function flushWithReadLock(
  session: Connection,
  request: SnapshotRequest,
): Promise<HeldLocks | undefined> {
  try {
    await takeLock(session, 'FLUSH TABLES WITH READ LOCK', request)
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
  const sinceMs = performance.now()
  // Only now: MySQL's flush would wait for tables that are locked already.
  const tableLock = await lockNonTransactional(request)
  return { rung: 'flush-tables-with-read-lock', sinceMs, tableLock }
}

async function lockAllTables(session: Connection, request: SnapshotRequest): Promise<HeldLocks> {
  const sinceMs = performance.now()
  // First, and each table in one session only: a second read lock would queue behind a writer that waits for the first.
  const tableLock = await lockNonTransactional(request)
  try {
    const apart = new Set(request.nonTransactional)
    const others = request.tables.filter((table) => !apart.has(table))
    await lockTables(session, others, request)
    return { rung: 'lock-tables', sinceMs, tableLock }
  } catch (error) {
    tableLock?.destroy()
    throw error
  }
}

/** Read-locks the tables that know no snapshot, in a session of their own. */
export async function lockNonTransactional(request: SnapshotRequest): Promise<Connection | undefined> {
  if (request.nonTransactional.length === 0) return undefined
  const session = await request.openSession()
  try {
    await lockTables(session, request.nonTransactional, request)
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

async function lockTables(session: Connection, tables: readonly TableName[], request: SnapshotRequest) {
  if (tables.length === 0) return
  const list = tables.map(({ schema, name }) => `${quoteQualified(schema, name)} READ`).join(', ')
  const statement = `LOCK TABLES ${list}`
  if (Buffer.byteLength(statement) >= session.maxAllowedPacketBytes) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${tables.length} tables cannot be locked in one statement of ${session.maxAllowedPacketBytes} bytes`,
      { tables: tables.length },
      { hint: 'Grant RELOAD to the account, or raise max_allowed_packet.' },
    )
  }
  await takeLock(session, statement, request)
}
