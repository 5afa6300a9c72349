// Use case: bring an instance back as a data directory, recovered and replayed to any moment of its recovery window.
import { statfs } from 'node:fs/promises'
import { machine } from 'node:os'
import path from 'node:path'
import type { BackupSource } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import { type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import { cellBytes } from '../physical/grid.ts'
import {
  type BackupProgram,
  findBackupProgram,
  requireSeriesOf,
} from '../physical/mariadb-backup/backup-program.ts'
import { prepareFiles } from '../physical/recover/prepare-files.ts'
import { recoverDirectory, requireSameSeries } from '../physical/recover/recover-directory.ts'
import { requireEmpty, restoreFiles } from '../physical/restore/restore-files.ts'
import { findServerProgram, type ServerProgram } from '../process/server-program.ts'
import { type RecoveredReplay, replayOnto } from '../recovery/replay-onto.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import type { UseCase } from './backup-instance.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type PlanRequest, planRestoreOf } from './plan-restore-of.ts'

export interface DirectoryRestoreRequest extends PlanRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly directory: string
  /** The files as they were taken, and no server on them. */
  readonly isRaw: boolean
  readonly serverProgram?: string | undefined
  /** Read by the server that recovers, before our own options: for keyrings and plugins. */
  readonly optionFile?: string | undefined
  readonly isDryRun: boolean
  readonly env: NodeJS.ProcessEnv
}

export interface DirectoryRestored {
  readonly plan: RestorePlan
  readonly directory: string
  /** The server that would recover, or has recovered, the files; absent with `isRaw`. */
  readonly program?: ServerProgram
  readonly leftOut: PhysicalContent['leftOut']
  /** Absent when nothing was changed. */
  readonly report?: {
    readonly files: number
    readonly fileSeconds: number
    /** Absent with `isRaw`. */
    readonly recovery?: RecoveredReplay & { readonly seconds: number }
  }
}

/**
 * Throws TARGET_NOT_EMPTY, VERSION_MISMATCH, TOOL_MISSING and DISK_FULL before a byte is written, then what restoring, recovering and
 * replaying throw: the directory is of no use then.
 */
export async function restoreDirectory(
  request: DirectoryRestoreRequest,
  { emit, signal }: UseCase,
): Promise<DirectoryRestored> {
  const directory = path.resolve(request.directory)
  const { isRaw, optionFile } = request
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const { plan, archive } = await planRestoreOf(source, 'physical', request, { emit, signal })
  if (isRaw && plan.replay !== undefined && plan.replay.transactions > 0) {
    throw new HoldfastError('USAGE', '--raw restores the files of a backup as they are: say --to backup')
  }
  await requireEmpty(directory)
  const backup = await source.openBackup(plan.base.id, signal)
  const content = parsePhysicalContent(backup.content)
  const program = isRaw ? undefined : await programFor(request, backup, content, signal)
  const prepare = isRaw ? undefined : await prepareProgram(request, backup, content, signal)
  await requireRoom(directory, content)
  const facts = { plan, directory, leftOut: content.leftOut, ...(program === undefined ? {} : { program }) }
  if (request.isDryRun) return facts
  for (const message of plan.warnings) emit({ type: 'notice', level: 'warning', message })
  const fileStart = performance.now()
  emit({ type: 'phase', phase: 'writing files', detail: directory })
  await restoreFiles(backup, content, { directory, signal, emit })
  const written = { files: content.files.length, fileSeconds: secondsSince(fileStart) }
  if (program === undefined) return { ...facts, report: written }
  const recoveryStart = performance.now()
  if (prepare !== undefined) await prepareFiles({ program: prepare, directory, emit, signal })
  const recovered = await recoverDirectory(
    { backup, content, directory, program, optionFile, emit, signal },
    (settings) => replayOnto(plan, { settings, archive, emit, signal }),
  )
  return {
    ...facts,
    report: { ...written, recovery: { ...recovered, seconds: secondsSince(recoveryStart) } },
  }
}

/** What does not fit is told before a byte is written. */
export async function programFor(
  { serverProgram, env }: Pick<DirectoryRestoreRequest, 'serverProgram' | 'env'>,
  backup: BackupSource,
  { server }: PhysicalContent,
  signal: AbortSignal,
): Promise<ServerProgram> {
  const { flavour } = backup.origin
  const program = await findServerProgram({ flavour, program: serverProgram, env, signal })
  requireSameSeries(program, backup)
  if (server.architecture !== machine()) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `the backup is of a server on ${server.architecture}, and this machine is ${machine()}`,
      { backup: server.architecture, machine: machine() },
      { hint: 'Restore it on a machine of that kind, or the files alone with --raw.' },
    )
  }
  return program
}

/** Only mariadb-backup itself can finish what it streamed. */
async function prepareProgram(
  { env }: DirectoryRestoreRequest,
  { origin }: BackupSource,
  { prepare }: PhysicalContent,
  signal: AbortSignal,
): Promise<BackupProgram | undefined> {
  if (prepare === undefined) return undefined
  const program = await findBackupProgram(env, signal)
  requireSeriesOf(origin.serverVersion, program)
  return program
}

/** Stored cells alone: holes take no room. */
export async function requireRoom(directory: string, { files }: PhysicalContent): Promise<void> {
  const needed =
    files.reduce((sum, { cells }) => sum + cells.reduce((count, [, number]) => count + number, 0), 0) *
    cellBytes
  const { bavail, bsize } = await statfs(await existingParent(directory))
  if (bavail * bsize >= needed) return
  const [wants, has] = [needed, bavail * bsize].map((bytes) => `${Math.ceil(bytes / 1024 ** 2)} MiB`)
  throw new HoldfastError(
    'DISK_FULL',
    `the files need ${wants}, and ${directory} has room for ${has}`,
    { needed },
    { hint: 'Make room, or restore to another file system; nothing was changed.' },
  )
}

async function existingParent(directory: string): Promise<string> {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    try {
      await statfs(folder)
      return folder
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || folder === '/')
        throw error
    }
  }
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000
}
