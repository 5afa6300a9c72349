// A hot copy of MariaDB: its redo log is read as it is written, and backup stages hold definitions, then commits, for the end alone.
import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../../core/errors.ts'
import { currentPoint } from '../../../instance/current-point.ts'
import { takeLock } from '../../../instance/lock-wait.ts'
import type { Connection } from '../../../wire/connection.ts'
import { bigintOf } from '../../../wire/row-values.ts'
import { binlogBase } from '../../server-content.ts'
import { Headway } from '../headway.ts'
import { followPauseMs, type HotCandidate, type HotMoment, type HotSession } from '../hot-session.ts'
import { letGoWhen, takesLongerThan } from '../let-go-when.ts'
import { type LiveFile, type LiveFiles, listAriaLogs, listLiveFiles } from '../live-files.ts'
import { LooseFiles } from '../loose-files.ts'
import { TablespaceCopies } from '../tablespace-copies.ts'
import { whileFollowing } from '../while-following.ts'
import { wrongDirectory } from '../wrong-directory.ts'
import { RedoCopy } from './redo-copy.ts'

/** Its redo log is one ring of mini-transactions, each with its sum, since this one. */
const oldestRelease = 100_800

/** Throws UNSUPPORTED with the method to use instead, before anything is locked. */
export async function requireHotMariadb({ facts, variables }: HotCandidate): Promise<void> {
  const hint = 'Use --method mariadb-backup.'
  if (facts.release < oldestRelease)
    throw new HoldfastError(
      'UNSUPPORTED',
      `the redo log of MariaDB ${facts.version} is of an older format than 10.8 has`,
      {},
      { hint },
    )
  if (variables.isOn('innodb_encrypt_log'))
    throw new HoldfastError(
      'UNSUPPORTED',
      'the redo log is encrypted (innodb_encrypt_log), so nobody but the server can read it',
      {},
      { hint },
    )
}

export async function copyMariadb(session: HotSession): Promise<HotMoment> {
  const { folders, copy, signal } = session
  await startStages(session)
  const truncations = await undoTruncations(session)
  await using redo = await RedoCopy.begin({
    folder: folders.redo,
    intake: copy.intake,
    read: copy.read,
    signal,
  })
  // The other one may wait for a lock meanwhile.
  await using witness = await session.connect()
  const follow = async (): Promise<void> => {
    const current = await currentLsn(witness, signal)
    await redo.follow(current)
    await redo.requireInTime(current)
  }
  const { lsn, spaces, ...moment } = await whileFollowing(follow, followPauseMs, signal, (either) =>
    copyFiles({ ...session, copy: { ...copy, signal: either }, signal: either }, redo),
  )
  await redo.finish(lsn, () => currentLsn(witness, signal))
  requireNoImport(spaces.pathOfAny(redo.deletedSpaces))
  requireNoTruncation(truncations, await undoTruncations(session))
  return moment
}

interface Taken extends HotMoment {
  readonly lsn: bigint
  readonly spaces: TablespaceCopies
}

/** All but the redo log, which is told where it ends. */
async function copyFiles(session: HotSession, redo: RedoCopy): Promise<Taken> {
  const { connection, patienceMs, signal } = session
  const wait = { ...session.wait, signal }
  const headway = new Headway()
  const copies = await copyAll(session, headway)
  // Once more while everything goes on, for little is left to do then while definitions wait.
  await catchUp(session, copies)
  // From here on no definition changes, and nobody writes to tables without transactions; others are written to as ever.
  for (const stage of ['FLUSH', 'BLOCK_DDL']) await takeLock(connection, `BACKUP STAGE ${stage}`, wait)
  const files = await letGoWhen(
    [connection],
    headway.standsStillFor(patienceMs, 'reading what changed'),
    async () => tell(session, await catchUp(session, copies)),
  )
  await takeLock(connection, 'BACKUP STAGE BLOCK_COMMIT', wait)
  return await letGoWhen(
    [connection],
    takesLongerThan(patienceMs, () => copies.loose.underWay),
    () => takeMoment(session, copies, files, redo),
  )
}

interface Copies {
  readonly spaces: TablespaceCopies
  readonly loose: LooseFiles
}

/** While everything goes on: what is not right in the end is copied again. */
async function copyAll(session: HotSession, headway: Headway): Promise<Copies> {
  const files = await listFiles(session)
  const all = [...files.system, ...files.tablespaces, ...files.loose]
  session.expect(all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const copy = {
    ...session.copy,
    read: (bytes: number) => {
      headway.made()
      session.copy.read(bytes)
    },
  }
  const copies = { spaces: new TablespaceCopies(copy), loose: new LooseFiles(copy) }
  await copies.spaces.take(files)
  await copies.loose.settle(files.loose)
  return copies
}

async function catchUp(session: HotSession, { spaces, loose }: Copies): Promise<LiveFiles> {
  const files = await listFiles(session)
  await spaces.reconcile(files.tablespaces)
  loose.keepOnly(files.loose)
  await loose.settle(files.loose)
  return files
}

function tell({ copy: { intake } }: HotSession, files: LiveFiles): LiveFiles {
  for (const { path: name, mode } of files.folders) intake.folder(name, mode)
  for (const { path: name, why } of files.leftOut) intake.leaveOut(name, why)
  return files
}

/** With commits blocked: what may be written to up to here is copied again, and all that is committed is in the redo log before the LSN. */
async function takeMoment(
  session: HotSession,
  { loose, spaces }: Copies,
  files: LiveFiles,
  redo: RedoCopy,
): Promise<Taken> {
  const { connection, variables, signal } = session
  const sinceMs = performance.now()
  await connection.run('FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS', { signal })
  await settleAria(session, loose, files)
  const point = await currentPoint(connection, { signal })
  const lsn = await currentLsn(connection, signal)
  redo.endAt(lsn)
  await connection.run('BACKUP STAGE END', { signal })
  const heldMs = Math.ceil(performance.now() - sinceMs)
  const { timeMicros } = point
  return {
    point: binlogBase(variables) === undefined ? { timeMicros } : point,
    snapshot: { rung: 'backup-stage', heldMs },
    lsn,
    spaces,
  }
}

/**
 * Aria recovers from the checkpoint that its control file names, and takes one every now and then by itself, commits or not: pages that were
 * written to a table behind our copy of it would be missing there. So all is looked at again until no checkpoint came between.
 */
async function settleAria(
  { folders, signal }: HotSession,
  loose: LooseFiles,
  files: LiveFiles,
): Promise<void> {
  const control = path.join(folders.aria, 'aria_log_control')
  for (;;) {
    signal.throwIfAborted()
    const before = await readFile(control)
    await loose.settle([...files.loose.filter(isWrittenToTheEnd), ...(await listAriaLogs(folders))])
    if (before.equals(await readFile(control))) return
  }
}

function listFiles(session: HotSession): Promise<LiveFiles> {
  return listLiveFiles({ ...session, flavour: 'mariadb' })
}

/** Aria's tables, among them those of the server itself, and its logs: writes to them wait only now. */
function isWrittenToTheEnd({ path: name }: LiveFile): boolean {
  return /\.(MAD|MAI|CSV|CSM)$/.test(name)
}

/** BACKUP STAGE START begins a log of DDL in the data directory: one that has not begun just now is that of another server. */
async function startStages({ connection, folders, wait }: HotSession): Promise<void> {
  const file = path.join(folders.data, 'ddl.log')
  const before = await statIfThere(file)
  await takeLock(connection, 'BACKUP STAGE START', wait)
  const after = await statIfThere(file)
  if (after !== undefined && after.ctimeMs !== before?.ctimeMs) return
  throw wrongDirectory(folders.data, 'no ddl.log appeared in it at BACKUP STAGE START')
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function currentLsn(connection: Connection, signal: AbortSignal): Promise<bigint> {
  return readStatus(connection, 'Innodb_lsn_current', signal)
}

function undoTruncations({ connection, signal }: HotSession): Promise<bigint> {
  return readStatus(connection, 'Innodb_undo_truncations', signal)
}

async function readStatus(connection: Connection, name: string, signal: AbortSignal): Promise<bigint> {
  const [row] = await connection.query(`SHOW GLOBAL STATUS LIKE '${name}'`, { signal })
  if (row === undefined) throw new HoldfastError('UNSUPPORTED', `the server does not tell its ${name}`)
  return bigintOf(row, 'Value')
}

/** A truncated undo tablespace is another file, of which half may have been copied. */
function requireNoTruncation(before: bigint, after: bigint): void {
  if (before === after) return
  throw new HoldfastError(
    'UNSUPPORTED',
    'the server truncated an undo tablespace while it was backed up',
    {},
    { hint: 'Run the backup again, with SET GLOBAL innodb_undo_log_truncate = OFF if it happens often.' },
  )
}

/**
 * Recovery passes over everything in the log about a tablespace that was deleted there, be it before or after (recv_sys_t::parse): what was written to one
 * that came back by an import would be lost, as it is when the server itself crashes now.
 */
function requireNoImport(path: string | undefined): void {
  if (path === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `${path} was discarded and imported (ALTER TABLE … IMPORT TABLESPACE) since the last checkpoint of the server, and no recovery brings back what was written to it since`,
    { path },
    {
      hint: 'Run the backup again: a checkpoint comes by itself when pages are written, and with SET GLOBAL innodb_max_dirty_pages_pct = 0 at once.',
    },
  )
}
