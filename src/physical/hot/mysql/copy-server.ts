// A hot copy of MySQL: definitions are locked and the redo log is kept while pages are read; the log ends where the binary log says.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../../core/errors.ts'
import { takeLock } from '../../../instance/lock-wait.ts'
import { serverTimeMicros } from '../../../instance/server-time.ts'
import { numberOf } from '../../../wire/row-values.ts'
import { binlogBase } from '../../server-content.ts'
import {
  followPauseMs,
  type HotCandidate,
  type HotMoment,
  type HotSession,
  holdLimitMs,
} from '../hot-session.ts'
import { letGoAfter } from '../let-go-after.ts'
import { type LiveFiles, listLiveFiles } from '../live-files.ts'
import { LooseFiles } from '../loose-files.ts'
import { TablespaceCopies } from '../tablespace-copies.ts'
import { whileFollowing } from '../while-following.ts'
import { wrongDirectory } from '../wrong-directory.ts'
import { copyBinlog, requirePlainBinlog } from './binlog-copy.ts'
import { readLogStatus, requireLogStatus } from './log-status.ts'
import { isPlainTable, lockPlainTables } from './plain-tables.ts'
import { RedoCopy } from './redo-copy.ts'
import { requireTakenSpaces } from './tablespace-list.ts'

/** The functions that keep the redo log, and log_status, are of this one. */
const oldestRelease = 80_030

/** The server's log may be full meanwhile: then writes wait. */
const followLimitMs = 20_000

/** Throws UNSUPPORTED with the method to use instead, before anything is locked. */
export async function requireHotMysql({
  connection,
  facts,
  variables,
  folders,
  signal,
}: HotCandidate): Promise<void> {
  if (facts.release < oldestRelease)
    throw refused(`MySQL ${facts.version} does not let its redo log be kept (8.0.30 and newer do)`)
  if (variables.isOn('innodb_redo_log_encrypt')) throw refused('the redo log is encrypted')
  // A torn page has nothing that tells it then.
  if (variables.get('innodb_checksum_algorithm')?.endsWith('none') === true)
    throw refused('its pages have no checksums (innodb_checksum_algorithm)')
  requirePlainBinlog(variables)
  await requireLogStatus(connection, signal)
  await requireUuid(folders.data, facts.serverUuid)
}

export async function copyMysql(session: HotSession): Promise<HotMoment> {
  const { connection, folders, copy, wait, signal } = session
  await takeLock(connection, 'LOCK INSTANCE FOR BACKUP', wait)
  await keepRedo(session)
  await requireRedoOn(session)
  const redo = await RedoCopy.begin({
    folder: path.join(folders.redo, '#innodb_redo'),
    intake: copy.intake,
    letGo: async (lsn) => {
      const [row = {}] = await connection.query(`SELECT innodb_redo_log_consumer_advance(${lsn}) AS failed`, {
        signal,
      })
      if (numberOf(row, 'failed') !== 0)
        throw new HoldfastError('FAILED', `the server did not let go of its redo log before LSN ${lsn}`)
    },
    read: copy.read,
    signal,
  })
  await requireItsLog(session, redo)
  const files = await listLiveFiles({ ...session, flavour: 'mysql' })
  await requireTakenSpaces(session, files)
  tell(session, files)
  const loose = await whileFollowing(
    () => letGoAfter(connection, followLimitMs, 'storing the redo log', () => redo.follow()),
    followPauseMs,
    signal,
    async (either) => {
      const copying = { ...copy, signal: either }
      await new TablespaceCopies(copying).take(files)
      const plain = new LooseFiles(copying)
      await plain.settle(files.loose)
      return plain
    },
  )
  const moment = await letGoAfter(connection, holdLimitMs, 'reading what is locked', () =>
    takeMoment(session, files, loose),
  )
  await redo.finish(moment.lsn)
  await connection.run('DO innodb_redo_log_consumer_unregister()', { signal })
  await connection.run('UNLOCK INSTANCE', { signal })
  return moment
}

/** From here on the server writes over nothing of its redo log that we have not let go. It does again when our connection ends, in whatever way. */
async function keepRedo({ connection, signal }: HotSession): Promise<void> {
  const [row = {}] = await connection.query('SELECT innodb_redo_log_consumer_register() AS failed', {
    signal,
  })
  if (numberOf(row, 'failed') === 0) return
  throw new HoldfastError(
    'FAILED',
    'another backup keeps the redo log of this server, and MySQL lets only one do so',
    {},
    { hint: 'Wait until it has ended, or use --method clone.' },
  )
}

/** A copy of the directory has the same UUID, and less of the log. */
async function requireItsLog({ connection, folders, signal }: HotSession, redo: RedoCopy): Promise<void> {
  const { lsn } = await readLogStatus(connection, signal)
  await connection.run('FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS', { signal })
  if (await redo.reaches(lsn)) return
  throw wrongDirectory(folders.data, `its redo log does not reach LSN ${lsn}, where the server is`)
}

async function requireRedoOn({ connection, signal }: HotSession): Promise<void> {
  const [row] = await connection.query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'", { signal })
  if (row === undefined || row['Value'] === 'ON') return
  throw refused('its redo log is off (ALTER INSTANCE DISABLE INNODB REDO_LOG)', 'Turn it on again first.')
}

async function takeMoment(
  session: HotSession,
  files: LiveFiles,
  loose: LooseFiles,
): Promise<HotMoment & { readonly lsn: bigint }> {
  const { connection, variables, signal } = session
  const plain = files.loose.find(isPlainTable)
  const isHeld = plain !== undefined
  if (isHeld) await lockPlainTables(session, plain.path)
  const sinceMs = performance.now()
  if (isHeld) await loose.settle(files.loose)
  const status = await readLogStatus(connection, signal)
  const timeMicros = await serverTimeMicros(connection, { signal })
  if (isHeld) await connection.run('UNLOCK TABLES', { signal })
  const heldMs = isHeld ? Math.ceil(performance.now() - sinceMs) : 0
  await connection.run('FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS', { signal })
  const rung = isHeld ? 'lock-tables' : 'none'
  const { position, lsn, executed } = status
  if (binlogBase(variables) === undefined || position === undefined)
    return { point: { timeMicros }, snapshot: { rung, heldMs }, lsn }
  const gtid = await copyBinlog(session, position, executed)
  return {
    point: { position, ...(gtid === undefined ? {} : { gtid }), timeMicros },
    snapshot: { rung, heldMs },
    lsn,
  }
}

function tell(
  { copy, expect }: HotSession,
  { system, tablespaces, loose, folders, leftOut }: LiveFiles,
): void {
  for (const { path: name, mode } of folders) copy.intake.folder(name, mode)
  for (const { path: name, why } of leftOut) copy.intake.leaveOut(name, why)
  expect([...system, ...tablespaces, ...loose].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
}

/** Two servers may have data directories of one name: one of them in a container, or on another host. */
async function requireUuid(directory: string, serverUuid: string | undefined): Promise<void> {
  const file = path.join(directory, 'auto.cnf')
  const text = await readFile(file, 'utf8')
  const found = /^\s*server-uuid\s*=\s*(\S+)/m.exec(text)?.[1]
  if (found !== serverUuid)
    throw wrongDirectory(directory, `its auto.cnf has the UUID ${found}, and the server has ${serverUuid}`)
}

function refused(
  why: string,
  hint = 'Use --method clone, or a logical backup (--method dump).',
): HoldfastError {
  return new HoldfastError('UNSUPPORTED', `no hot copy can be made of this server: ${why}`, {}, { hint })
}
