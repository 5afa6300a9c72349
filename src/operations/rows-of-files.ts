// Chosen tables out of a backup of files: a server of our own recovers them, replays, and is read as for a logical backup.
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { Archive } from '../archive/archive.ts'
import type { BackupResult, BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { dumpLogical } from '../logical/dump-logical.ts'
import type { Parts } from '../logical/filters/backup-filters.ts'
import { type Selection, selectsTable } from '../logical/selection.ts'
import { isOutside } from '../physical/clone/tables-outside.ts'
import { type FileContent, type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import { checkTables } from '../physical/recover/check-tables.ts'
import { filesOfTables } from '../physical/restore/files-of-tables.ts'
import { replayOnto } from '../recovery/replay-onto.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import type { UseCase } from './backup-instance.ts'
import {
  findRecoveryPrograms,
  type RecoverFilesOptions,
  type RecoveryPrograms,
  serveFiles,
  type WantedPrograms,
} from './recover-files.ts'
import { writeScratchFiles } from './scratch-files.ts'
import { TemporaryBackup } from './temporary-backup.ts'

export interface FileRowsRequest extends Partial<WantedPrograms> {
  /** Where the files are put for the time of it; the system's folder for temporary files by default. */
  readonly scratch?: string | undefined
  /** Tables go into a server on this host as the files that they are. */
  readonly importTablespaces?: boolean | undefined
}

export interface FileRowsOptions extends UseCase {
  readonly request: FileRowsRequest
  readonly plan: RestorePlan
  readonly archive: Archive
  readonly backup: BackupSource
  readonly selection: Selection
  /** Definitions or rows alone; both by default. */
  readonly parts?: Parts | undefined
  readonly threads: number
}

/** A server with the tables as they were at the wanted point. */
export interface ServedFiles {
  readonly settings: ConnectionSettings
  readonly directory: string
}

export interface FileRows extends AsyncDisposable {
  /** A logical one, of the selection alone. */
  readonly backup: BackupSource
  /** What is left to do with it: the rows are those of the wanted point. */
  readonly plan: RestorePlan
  /** Until this is disposed. */
  readonly served: ServedFiles
}

/**
 * Throws TOOL_MISSING, VERSION_MISMATCH and DISK_FULL before a byte is written, then what recovering, replaying and dumping throw. Nothing is
 * left of it on the disk in the end: the rows are in a file without a name.
 */
export async function readRowsOfFiles(options: FileRowsOptions): Promise<FileRows> {
  const { request, plan, backup, signal } = options
  const { env = {}, scratch = tmpdir() } = request
  const content = parsePhysicalContent(backup.content)
  refuseWithoutRows(content, options.selection)
  const programs = await findRecoveryPrograms({ ...request, env }, backup, content, signal)
  await using parts = new AsyncDisposableStack()
  const rows = parts.use(await TemporaryBackup.create(scratch))
  const read = parts.use(await readFewestFiles(options, content, programs, rows))
  const { result, served } = read
  const { point } = result
  const owned = parts.move()
  const { replay: _replay, ...rest } = plan
  const id = `${plan.base.id}/${digestOf(result)}`
  return {
    backup: rows.source(result),
    plan: { ...rest, base: { ...plan.base, kind: 'logical', id, point }, end: point },
    served,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Tables that a method took without their rows would come back empty, perhaps in the place of full ones. */
function refuseWithoutRows({ leftOut }: PhysicalContent, selection: Selection): void {
  const lacking = leftOut.filter(({ path, why }) => {
    const [schema = '', name = ''] = path.split('.')
    return why.startsWith('the rows:') && schema !== 'mysql' && selectsTable(selection, schema, name)
  })
  const [first] = lacking
  if (first === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `the backup has ${lacking.map(({ path }) => path).join(', ')} without rows: ${first.why}`,
    { table: first.path },
    { hint: 'Leave them out with --exclude, or take them from another backup with --backup ID.' },
  )
}

/** The same by what has been recovered, for nobody may have seen all tables when the clone was taken, and names may be told otherwise. */
function refuseEmptied({ content }: Pick<BackupResult, 'content'>): void {
  const emptied = parseLogicalContent(content).schemas.flatMap(({ name: schema, tables }) =>
    tables
      .filter(({ engine }) => isOutside(engine))
      .map(({ name, engine }) => `${schema}.${name} (${engine})`),
  )
  if (emptied.length === 0) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `CLONE copies InnoDB only, so the backup is without the rows of ${emptied.join(', ')}`,
    {},
    { hint: 'Leave them out with --exclude, or take them from another backup with --backup ID.' },
  )
}

/**
 * Another run that reads the same rows in the same chunks may go on with a load that was interrupted; one that cuts them otherwise must not.
 */
function digestOf({ objects }: Pick<BackupResult, 'objects'>): string {
  const hash = createHash('sha256')
  for (const { name, chunks } of objects) hash.update(JSON.stringify([name, chunks.map(({ id }) => id)]))
  return hash.digest('hex').slice(0, 16)
}

interface ReadFiles extends AsyncDisposable {
  readonly result: BackupResult
  readonly served: ServedFiles
}

/** Those of the tables that are asked for, as long as that is enough for a server to start, and for the replay to be of them alone. */
async function readFewestFiles(
  options: FileRowsOptions,
  content: PhysicalContent,
  programs: RecoveryPrograms,
  rows: TemporaryBackup,
): Promise<ReadFiles> {
  const { selection, emit, signal } = options
  const few = selection.kind === 'tables' ? filesOfTables(content.files, selection.tables) : undefined
  if (few !== undefined) {
    try {
      return await readRows(options, content, programs, rows, few)
    } catch (error) {
      if (signal.aborted || !isHoldfastError(error, ...notEnough)) throw error
      const message = `the tables cannot be had from their own files alone, so all files are written: ${error.message}`
      emit({ type: 'notice', level: 'info', message })
    }
  }
  return await readRows(options, content, programs, rows)
}

/** What a server, or the program that prepares for it, or a replay makes of files that it misses. */
const notEnough = [
  'HOST_TROUBLE',
  'SANDBOX_FAILED',
  'CONNECTION_LOST',
  'FAILED',
  'UNSUPPORTED',
  'REPLAY_FAILED',
  'SERVER_ERROR',
] as const

async function readRows(
  { request, plan, archive, backup, selection, parts, threads, emit, signal }: FileRowsOptions,
  whole: PhysicalContent,
  programs: RecoveryPrograms,
  rows: TemporaryBackup,
  few?: readonly FileContent[],
): Promise<ReadFiles> {
  const content = few === undefined ? whole : { ...whole, files: [...few] }
  const chosen = `${content.files.length} of ${whole.files.length}`
  emit({ type: 'phase', phase: 'choosing files', detail: chosen })
  const { scratch, optionFile } = request
  await using held = new AsyncDisposableStack()
  const { directory } = held.use(await writeScratchFiles({ backup, content, scratch, emit, signal }))
  const serving = { backup, content, directory, programs, optionFile, emit, signal }
  if (few !== undefined && !whole.isClean && whole.prepare === undefined) await recoverWithoutOthers(serving)
  const server = held.use(await serveFiles(serving))
  const { settings } = server
  const only = few !== undefined && selection.kind === 'tables' ? selection.tables : undefined
  const result = await server.during(async () => {
    const { end } = await replayOnto(plan, { settings, archive, only, emit, signal })
    if (only !== undefined) {
      // A server that starts in spite of what is missing passes over damage as well.
      const { problems } = await checkTables(settings, { tables: only, emit, signal })
      const [first] = problems
      if (first !== undefined) throw new HoldfastError('SANDBOX_FAILED', `${first.table}: ${first.problem}`)
    }
    const dumping = { settings, selection, filters: { parts }, sink: rows, threads, emit, signal }
    return { ...(await dumpLogical(dumping)), point: end }
  })
  if (plan.base.method === 'clone' && parts !== 'structure') refuseEmptied(result)
  const owned = held.move()
  const served = { settings, directory }
  return { result, served, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/**
 * A server does not start where its redo log names files that it does not find, unless it is told to; then it lets nobody write, us neither,
 * so this is a start of its own. After a clean shutdown the redo log names none.
 */
async function recoverWithoutOthers(serving: RecoverFilesOptions): Promise<void> {
  await using server = await serveFiles({ ...serving, args: ['--innodb-force-recovery=1'] })
  await server.stop()
}
