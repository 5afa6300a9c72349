// A backup by mariadb-backup: it reads the files of a running server, and what it streams goes into the repository as it comes.
import type { BackupOrigin, BackupSink, StoredBackup } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { BinlogPosition, RecoveryPoint } from '../../core/recovery-point.ts'
import { gtidBinlogPos, gtidPositionAt } from '../../instance/mariadb/current-point.ts'
import { serverTimeMicros } from '../../instance/server-time.ts'
import { readServerVariables, type ServerVariables } from '../../instance/server-variables.ts'
import { type ProgramEnd, startProgram } from '../../process/start-program.ts'
import { Connection } from '../../wire/connection.ts'
import { bigintOf } from '../../wire/row-values.ts'
import { Pouring } from '../pour/pouring.ts'
import { serverContent } from '../server-content.ts'
import { storedBackup } from '../stored-backup.ts'
import { type BackupProgram, optionFolder } from './backup-program.ts'
import { explainFailure } from './explain-failure.ts'
import { binlogPosition, requireFullBackup } from './notes.ts'
import { type PartName, Parts } from './parts.ts'
import { takeStream } from './stream-intake.ts'
import { xbstreamPieces } from './xbstream.ts'

export interface ServerBackupOptions {
  readonly settings: ConnectionSettings
  readonly origin: BackupOrigin
  readonly program: BackupProgram
  /** Data files that it reads at once. */
  readonly threads: number
  /** Only these; everything by default. */
  readonly parts?: readonly PartName[] | undefined
  readonly sink: BackupSink
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws what mariadb-backup failed of, PAGE_DAMAGED, MalformedDataError, and what the sink throws: then there is no backup. */
export async function backUpServer(options: ServerBackupOptions): Promise<StoredBackup> {
  const { settings, origin, program, sink, signal } = options
  await using connection = await Connection.open(settings, { signal })
  const variables = await readServerVariables(connection, { signal })
  const before = await gtidBinlogPos(connection, { signal })
  const pouring = new Pouring(sink)
  try {
    const parts = options.parts && (await Parts.of(options.parts, connection, signal))
    const total = await tablespaceBytes(connection, signal)
    const notes = await runInto(pouring, options, { variables, parts, total })
    requireFullBackup(notes)
    const server = serverContent(variables)
    const { binlogBase } = server
    if (binlogBase !== undefined) pouring.leaveOut(`${binlogBase}.*`, 'binary logs are for the archive')
    const poured = await pouring.finish()
    parts?.requireIn(poured.files.map((file) => file.path))
    const position = binlogPosition(notes)
    if (position === undefined && binlogBase !== undefined) throw unplaced()
    return storedBackup(poured, {
      method: 'mariadb-backup',
      origin,
      point: await pointOf(connection, position, before, signal),
      content: { server, prepare: { program: 'mariadb-backup', version: program.version } },
      isPartial: parts !== undefined,
    })
  } finally {
    await pouring.settle()
  }
}

/** What was asked of the server before. */
interface Asked {
  readonly variables: ServerVariables
  readonly parts: Parts | undefined
  readonly total: number
}

async function runInto(
  intake: Pouring,
  { settings, program, threads, emit, signal }: ServerBackupOptions,
  { variables, parts, total }: Asked,
): Promise<ReadonlyMap<string, string>> {
  await using folder = await optionFolder(settings)
  // It changes into the data directory: every path has to be absolute.
  const args = [
    `--defaults-file=${folder.optionFile}`,
    '--backup',
    '--stream=mbstream',
    `--parallel=${threads}`,
    `--target-dir=${folder.path}`,
    ...(parts === undefined ? [] : [`--databases-file=${await folder.write('parts', parts.lines)}`]),
  ]
  await using running = await startProgram(program.path, args, { cwd: folder.path, signal })
  let done = 0
  const read = (bytes: number): void => {
    done += bytes
    emit?.({
      type: 'progress',
      phase: 'reading files',
      done,
      total: Math.max(total, done),
      isEstimate: true,
      unit: 'bytes',
    })
  }
  const dataFilePath = variables.get('innodb_data_file_path') ?? ''
  const stream = xbstreamPieces(running.stdout)
  let notes: ReadonlyMap<string, string>
  try {
    notes = await takeStream(stream, { flavour: 'mariadb', intake, dataFilePath, read, signal })
  } catch (error) {
    signal?.throwIfAborted()
    // A stream that breaks off is what is seen of a program that failed; a program that is well has to be stopped.
    const end = await running.stop(stopGraceMs)
    if (end.status !== 0 && end.status < 128) throw failed(end, variables)
    if (!(error instanceof MalformedDataError)) throw error
    const { message } = error
    throw new HoldfastError('FAILED', `mariadb-backup broke off: ${message}`, {}, { cause: error })
  }
  const end = await running.ended
  signal?.throwIfAborted()
  if (end.status !== 0 || !/completed OK!\s*$/.test(end.said)) throw failed(end, variables)
  return notes
}

function failed(end: ProgramEnd, variables: ServerVariables): HoldfastError {
  const logBytes = variables.number('innodb_log_file_size')
  return explainFailure('mariadb-backup', 'back up the server', end, { logBytes })
}

function unplaced(): HoldfastError {
  return new HoldfastError(
    'FAILED',
    'mariadb-backup noted no place in the binary log, so nothing could be replayed behind this backup',
    {},
    { hint: 'Grant BINLOG MONITOR to the account, and see what mariadb-backup says.' },
  )
}

const stopGraceMs = 10_000

/** What InnoDB's files have now: an estimate of what comes, without its log and other engines. 0 where the account may not ask. */
async function tablespaceBytes(connection: Connection, signal: AbortSignal | undefined): Promise<number> {
  const sql =
    'SELECT CAST(COALESCE(SUM(file_size), 0) AS UNSIGNED) AS bytes FROM information_schema.innodb_sys_tablespaces'
  const [row] = await connection.query(sql, { signal })
  return row === undefined ? 0 : Number(bigintOf(row, 'bytes'))
}

/**
 * The position is exact: nobody could commit when it was noted. The GTIDs in the note are of this server and of all that it replicates, in one;
 * those that its own log has up to there are asked for. `before`: what the log had before the backup began.
 */
async function pointOf(
  connection: Connection,
  position: BinlogPosition | undefined,
  before: string,
  signal: AbortSignal | undefined,
): Promise<RecoveryPoint> {
  const timeMicros = await serverTimeMicros(connection, { signal })
  if (position === undefined) return { timeMicros }
  const after = await gtidBinlogPos(connection, { signal })
  const text = await gtidPositionAt(connection, position, { before, after }, { signal })
  return { position, ...(text === undefined ? {} : { gtid: { flavour: 'mariadb', text } }), timeMicros }
}
