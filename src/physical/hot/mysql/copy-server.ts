// A hot copy of MySQL: definitions are locked and the redo log is kept while pages are read; the log ends where the binary log says.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../../core/errors.ts'
import { takeLock } from '../../../instance/lock-wait.ts'
import { serverTimeMicros } from '../../../instance/server-time.ts'
import { binlogBase } from '../../server-content.ts'
import { Headway } from '../headway.ts'
import { followPauseMs, type HotCandidate, type HotMoment, type HotSession } from '../hot-session.ts'
import { letGoWhen, takesLongerThan } from '../let-go-when.ts'
import { type LiveFile, type LiveFiles, listLiveFiles } from '../live-files.ts'
import { LooseFiles } from '../loose-files.ts'
import { TablespaceCopies } from '../tablespace-copies.ts'
import { whileFollowing } from '../while-following.ts'
import { wrongDirectory } from '../wrong-directory.ts'
import { copyBinlog, requirePlainBinlog } from './binlog-copy.ts'
import { type LogStatus, readLogStatus, requireLogStatus } from './log-status.ts'
import { isPlainTable, lockPlainTables } from './plain-tables.ts'
import { RedoCopy } from './redo-copy.ts'
import { RedoHold } from './redo-hold.ts'
import { requireTakenSpaces } from './tablespace-list.ts'

/** The functions that keep the redo log, and log_status, are of this one. */
const oldestRelease = 80_030

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
  const { connection, wait, patienceMs, signal } = session
  await takeLock(connection, 'LOCK INSTANCE FOR BACKUP', wait)
  await using keeper = await session.connect()
  const hold = await RedoHold.begin(keeper, signal)
  const headway = new Headway()
  const { status, ...moment } = await letGoWhen(
    [hold.connection, connection],
    // Until its log is nearly full the server waits for nothing, however slowly we store it.
    headway.standsStillFor(patienceMs, 'storing the redo log', () => hold.isNearlyFull()),
    () => copyUpToMoment(session, hold, headway),
  )
  await hold.end()
  const { timeMicros } = moment
  const { position, executed } = status
  const isLogged = binlogBase(session.variables) !== undefined && position !== undefined
  // Definitions are all that still waits. While they do, binary logs are not purged: neither by PURGE nor by RESET, nor by the server itself.
  const logged = isLogged ? await copyBinlog(session, position, executed) : {}
  await connection.run('UNLOCK INSTANCE', { signal })
  return { point: { ...logged, timeMicros }, snapshot: moment.snapshot }
}

/** All but the binary log. */
async function copyUpToMoment(session: HotSession, hold: RedoHold, headway: Headway): Promise<TakenMoment> {
  const { folders, copy, signal } = session
  await requireRedoOn(session)
  const redo = await RedoCopy.begin({
    folder: path.join(folders.redo, '#innodb_redo'),
    intake: copy.intake,
    letGo: (lsn) => hold.letGo(lsn),
    read: (bytes) => {
      headway.made()
      copy.read(bytes)
    },
    signal,
  })
  await requireItsLog(session, redo)
  const files = await listLiveFiles({ ...session, flavour: 'mysql' })
  await requireTakenSpaces(session, files)
  tell(session, files)
  const moment = await whileFollowing(
    async () => {
      await redo.follow()
      // All there is has been stored: whatever the server waits for, it is not that.
      headway.made()
    },
    followPauseMs,
    signal,
    async (either) => {
      const copying = { ...copy, signal: either }
      await new TablespaceCopies(copying).take(files)
      const loose = new LooseFiles(copying)
      await loose.settle(files.loose)
      return await takeMoment({ ...session, signal: either }, hold, files.loose.filter(isPlainTable), loose)
    },
  )
  await redo.finish(moment.status.lsn)
  return moment
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

interface TakenMoment {
  readonly status: LogStatus
  readonly timeMicros: number
  readonly snapshot: HotMoment['snapshot']
}

/** `plain` are copied already: what changed since is copied again while nobody writes to them. */
async function takeMoment(
  session: HotSession,
  hold: RedoHold,
  plain: readonly LiveFile[],
  loose: LooseFiles,
): Promise<TakenMoment> {
  const { connection, patienceMs, signal } = session
  const look = async () => ({
    status: await readLogStatus(connection, signal),
    timeMicros: await serverTimeMicros(connection, { signal }),
  })
  const flush = () => connection.run('FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS', { signal })
  const [example] = plain
  if (example === undefined) {
    const seen = await look()
    await flush()
    return { ...seen, snapshot: { rung: 'none', heldMs: 0 } }
  }
  await lockPlainTables(session, example.path)
  const sinceMs = performance.now()
  const seen = await letGoWhen(
    [hold.connection, connection],
    takesLongerThan(patienceMs, () => loose.underWay),
    async () => {
      await loose.settle(plain)
      const locked = await look()
      await connection.run('UNLOCK TABLES', { signal })
      return locked
    },
  )
  const heldMs = Math.ceil(performance.now() - sinceMs)
  await flush()
  return { ...seen, snapshot: { rung: 'lock-tables', heldMs } }
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
