// Use case: bring an instance back as a data directory, recovered and replayed to any moment of its recovery window.
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import { type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import { requireEmpty, restoreFiles } from '../physical/restore/restore-files.ts'
import type { ServerProgram } from '../process/server-program.ts'
import { type RecoveredReplay, replayOnto } from '../recovery/replay-onto.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import type { UseCase } from './backup-instance.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type PlanRequest, planRestoreOf } from './plan-restore-of.ts'
import { findRecoveryPrograms, recoverFiles } from './recover-files.ts'
import { requireRoom } from './require-room.ts'

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
  /** What has to go over raw files before a server starts on them. */
  readonly prepare?: PhysicalContent['prepare']
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
  const programs = isRaw ? undefined : await findRecoveryPrograms(request, backup, content, signal)
  await requireRoom(directory, content)
  const facts = {
    plan,
    directory,
    leftOut: content.leftOut,
    ...(content.prepare === undefined ? {} : { prepare: content.prepare }),
    ...(programs === undefined ? {} : { program: programs.server }),
  }
  if (request.isDryRun) return facts
  for (const message of plan.warnings) emit({ type: 'notice', level: 'warning', message })
  const fileStart = performance.now()
  emit({ type: 'phase', phase: 'writing files', detail: directory })
  await restoreFiles(backup, content, { directory, signal, emit })
  const written = { files: content.files.length, fileSeconds: secondsSince(fileStart) }
  if (programs === undefined) return { ...facts, report: written }
  const recoveryStart = performance.now()
  const recovered = await recoverFiles(
    { backup, content, directory, programs, optionFile, emit, signal },
    (settings) => replayOnto(plan, { settings, archive, emit, signal }),
  )
  return {
    ...facts,
    report: { ...written, recovery: { ...recovered, seconds: secondsSince(recoveryStart) } },
  }
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000
}
