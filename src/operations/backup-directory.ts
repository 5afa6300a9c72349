// Use case: take a cold backup of the data directory of a server that is shut down.
import path from 'node:path'
import { numberIn, readServerOptions, type ServerOptions } from '../config/server-options.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import { backUpDirectory, type ServerSettings } from '../physical/cold/back-up-directory.ts'
import { readStoppedServer, type StoppedServer } from '../physical/cold/server-files.ts'
import { requireStopped } from '../physical/cold/stopped-server.ts'
import { type Survey, surveyDirectory } from '../physical/cold/survey.ts'
import { explainRead } from '../physical/cold/unreadable.ts'
import { namedFolders } from '../physical/folders-elsewhere.ts'
import { runProgram } from '../process/run-program.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { sourceIdentity } from './identify-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { refuseUnfinished } from './restore-mark.ts'

export interface DirectoryBackupRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly directory: string
  /** The option file that the server is started with. */
  readonly optionFile?: string | undefined
  /** Shell commands run before and after the files are read. */
  readonly stopCommand?: string | undefined
  readonly startCommand?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Throws UNSUPPORTED for what runs or was not shut down cleanly, and what reading and storing throw: then there is no backup. */
export async function backupDirectory(
  request: DirectoryBackupRequest,
  useCase: UseCase,
): Promise<BackupSummary> {
  const { emit, signal } = useCase
  const directory = path.resolve(request.directory)
  await refuseUnfinished(directory)
  const notice = (message: string): void => emit({ type: 'notice', level: 'warning', message })
  const options =
    request.optionFile === undefined
      ? undefined
      : await readServerOptions(request.optionFile, request.env, notice)
  if (options !== undefined) refuseScattered(directory, options)
  const repository = await openRepository(request.access, signal)
  const source = repository.source(request.source)
  return await whileStopped(request, useCase, () =>
    explainRead(directory, async () => {
      const survey = await surveyDirectory(directory, binlogIndex(directory, options))
      await requireStopped(survey)
      const server = await readStoppedServer(survey, idsOf(options), signal)
      tell(server, survey, options !== undefined, notice)
      await source.ensure(sourceIdentity(server.origin), signal)
      const settings = settingsOf(options)
      return await commitFiles(source, 'cold', request.access.place, { emit, signal }, (sink, either) =>
        backUpDirectory({ survey, server, settings, sink, emit, signal: either }),
      )
    }),
  )
}

/** The server is started again whatever became of the backup, and of the command that stops it: it may have stopped it all the same. */
async function whileStopped<T>(
  { stopCommand, startCommand }: DirectoryBackupRequest,
  { emit, signal }: UseCase,
  work: () => Promise<T>,
): Promise<T> {
  const [outcome] = await Promise.allSettled([
    (async () => {
      if (stopCommand !== undefined) {
        emit({ type: 'phase', phase: 'stopping the server' })
        await runCommand('--stop-command', stopCommand, signal)
      }
      return await work()
    })(),
  ])
  if (startCommand !== undefined) {
    emit({ type: 'phase', phase: 'starting the server' })
    try {
      // Also after an interruption: who asked for a backup did not ask for a server that stays down.
      await runCommand('--start-command', startCommand)
    } catch (error) {
      if (outcome.status === 'fulfilled') throw error
      // What became of the backup is what the caller is told as the error.
      emit({ type: 'notice', level: 'warning', message: wordsOf(error) })
    }
  }
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

async function runCommand(option: string, command: string, signal?: AbortSignal): Promise<void> {
  try {
    await runProgram('/bin/sh', ['-c', command], { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof HoldfastError)) throw error
    throw new HoldfastError(error.code, `${option}: ${error.message}`, error.details, { cause: error })
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function refuseScattered(directory: string, { values }: ServerOptions): void {
  const valueOf = (variable: string): string | undefined => values.get(variable.replaceAll('_', '-'))
  for (const { variable, folder, mayLie } of namedFolders(valueOf)) {
    const place = path.resolve(directory, folder)
    if (place === directory || (mayLie === 'within' && place.startsWith(`${directory}/`))) continue
    throw scattered(variable.replaceAll('_', '-'), folder)
  }
  const name = 'innodb-data-file-path'
  const dataFiles = values.get(name)
  if (dataFiles?.split(';').some((part) => part.includes('/'))) throw scattered(name, dataFiles)
}

function scattered(option: string, value: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${option} = ${value}: a cold backup takes one directory, and this server has files in others`,
    { option, value },
  )
}

/** Undefined where the option file leaves its name to the server, which then has it in the data directory. */
function binlogIndex(directory: string, options: ServerOptions | undefined): string | undefined {
  if (options === undefined || ['skip-log-bin', 'disable-log-bin'].some((name) => options.values.has(name)))
    return undefined
  const base = options.values.get('log-bin')
  const named = options.values.get('log-bin-index')
  if (named !== undefined && named !== '') return path.resolve(directory, named)
  if (base === undefined || base === '') return undefined
  return path.resolve(directory, `${base.replace(/\.[^/.]*$/, '')}.index`)
}

function idsOf(options: ServerOptions | undefined): { serverId?: number; gtidDomainId?: number } {
  const serverId = numberIn(options?.values, 'server-id')
  const gtidDomainId = numberIn(options?.values, 'gtid-domain-id')
  return {
    ...(serverId === undefined ? {} : { serverId }),
    ...(gtidDomainId === undefined ? {} : { gtidDomainId }),
  }
}

function settingsOf(options: ServerOptions | undefined): ServerSettings {
  const dataFilePath = options?.values.get('innodb-data-file-path')
  const lowerCaseTableNames = numberIn(options?.values, 'lower-case-table-names')
  const plugins = ['plugin-load', 'plugin-load-add', 'early-plugin-load'].flatMap(
    (name) => options?.values.get(name) ?? [],
  )
  const keyring = plugins.find((plugin) => /keyring|key_management/.test(plugin))
  return {
    ...(lowerCaseTableNames === undefined ? {} : { lowerCaseTableNames }),
    ...(dataFilePath === undefined ? {} : { dataFilePath }),
    plugins,
    ...(keyring === undefined ? {} : { keyring }),
    optionFiles: [...(options?.files ?? [])],
  }
}

function tell(
  { doubt }: StoppedServer,
  { binlog, directory }: Survey,
  isTold: boolean,
  notice: (message: string) => void,
): void {
  if (doubt !== undefined) notice(`it is not known whether the server was shut down cleanly: ${doubt}`)
  if (binlog !== undefined) return
  notice(
    isTold
      ? 'the server has no binary log: this backup can bring back its own moment and nothing after it'
      : `no binary log is in ${directory}: this backup can bring back its own moment and nothing after it; ` +
          'where the server writes its log elsewhere, --server-options FILE tells',
  )
}
