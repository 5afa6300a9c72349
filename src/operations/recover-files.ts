// The programs that make restored files into a data directory again: which a backup needs, and how they are put to work.
import { machine } from 'node:os'
import { readServerOptions } from '../config/server-options.ts'
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { PhysicalContent } from '../physical/content.ts'
import {
  type BackupProgram,
  findBackupProgram,
  requireSeriesOf,
} from '../physical/mariadb-backup/backup-program.ts'
import { prepareFiles } from '../physical/recover/prepare-files.ts'
import { recoverDirectory, startOnFiles } from '../physical/recover/recover-directory.ts'
import { misfits } from '../physical/restore/misfits.ts'
import { findServerProgram, type ServerProgram } from '../process/server-program.ts'
import type { ServerSandbox } from '../process/server-sandbox.ts'
import type { UseCase } from './backup-instance.ts'

export interface WantedPrograms {
  /** The server to recover with. */
  readonly serverProgram?: string | undefined
  /** Read by it before our own options: for keyrings and plugins. */
  readonly optionFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

export interface RecoveryPrograms {
  readonly server: ServerProgram
  /** Runs before the server. */
  readonly prepare?: BackupProgram
}

/** Throws TOOL_MISSING and VERSION_MISMATCH: what does not fit is told before a byte is written. */
export async function findRecoveryPrograms(
  wanted: WantedPrograms,
  backup: BackupSource,
  content: PhysicalContent,
  signal: AbortSignal,
): Promise<RecoveryPrograms> {
  const server = await findServer(wanted, backup, content, signal)
  const prepare = await findPrepare(wanted, backup, content, signal)
  return { server, ...(prepare === undefined ? {} : { prepare }) }
}

export interface RecoverFilesOptions extends UseCase {
  readonly backup: BackupSource
  readonly content: PhysicalContent
  /** Absolute, with the files of the backup in it. */
  readonly directory: string
  readonly programs: RecoveryPrograms
  readonly optionFile?: string | undefined
  /** See RecoverOptions. */
  readonly args?: readonly string[]
}

/** See recoverDirectory. */
export async function recoverFiles<T>(
  options: RecoverFilesOptions,
  work: (settings: ConnectionSettings) => Promise<T>,
): Promise<T> {
  return recoverDirectory(await prepared(options), work)
}

/** A server on files that nobody needs after it: it is killed when it is disposed. */
export async function serveFiles(options: RecoverFilesOptions): Promise<ServerSandbox> {
  return startOnFiles(await prepared(options))
}

async function prepared(options: RecoverFilesOptions) {
  const { directory, programs, emit, signal } = options
  const { server, prepare } = programs
  if (prepare !== undefined) await prepareFiles({ program: prepare, directory, emit, signal })
  return { ...options, program: server }
}

/** Throws TOOL_MISSING, and VERSION_MISMATCH for one that cannot recover these files. */
export async function findServer(
  { serverProgram, optionFile, env }: WantedPrograms,
  backup: Pick<BackupSource, 'origin'>,
  content: Pick<PhysicalContent, 'server' | 'files'>,
  signal: AbortSignal,
): Promise<ServerProgram> {
  const { flavour } = backup.origin
  const program = await findServerProgram({ flavour, program: serverProgram, env, signal })
  const options =
    optionFile === undefined ? {} : { options: (await readServerOptions(optionFile, env)).values }
  const found = misfits(backup, content, { ...program, architecture: machine(), ...options })
  if (found.length === 0) return program
  throw new HoldfastError(
    'VERSION_MISMATCH',
    found.map(({ what }) => what).join('; '),
    { backup: backup.origin.serverVersion, program: program.version },
    { hint: [...new Set(found.map(({ hint }) => hint))].join(' ') },
  )
}

/** Only the program itself can finish what it streamed. */
async function findPrepare(
  { env }: WantedPrograms,
  { origin }: BackupSource,
  { prepare }: PhysicalContent,
  signal: AbortSignal,
): Promise<BackupProgram | undefined> {
  if (prepare === undefined) return undefined
  try {
    const program = await findBackupProgram(prepare.program, env, signal)
    requireSeriesOf(origin.serverVersion, program)
    return program
  } catch (error) {
    if (!isHoldfastError(error, 'TOOL_MISSING', 'VERSION_MISMATCH')) throw error
    const hint = `${error.hint.replace(/\.$/, '')}; or restore the files as they are with --raw, and prepare them where it is.`
    throw new HoldfastError(error.code, error.message, error.details, { cause: error.cause, hint })
  }
}
