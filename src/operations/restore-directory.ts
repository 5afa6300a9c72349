// Use case: bring an instance back as a data directory, recovered and replayed to any moment of its recovery window.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import { type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import { type Owner, restoreFiles, type WrittenFiles } from '../physical/restore/restore-files.ts'
import type { ServerProgram } from '../process/server-program.ts'
import { type RecoveredReplay, replayOnto } from '../recovery/replay-onto.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import type { UseCase } from './backup-instance.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type PlanRequest, planRestoreOf } from './plan-restore-of.ts'
import { findRecoveryPrograms, recoverFiles } from './recover-files.ts'
import { requireRoom } from './require-room.ts'
import { removeMark, setMark } from './restore-mark.ts'
import { clearWay, requirePlaceAside, type WayIntoDirectory, wayInto } from './way-into-directory.ts'

export interface DirectoryRestoreRequest extends PlanRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly directory: string
  /** Over what is there, which only a stopped server may have. */
  readonly isInPlace: boolean
  /** Of the files; by default whoever owns the directory. */
  readonly owner?: Owner | undefined
  /** The files as they were taken, and no server on them. */
  readonly isRaw: boolean
  readonly serverProgram?: string | undefined
  /** Read by the server that recovers, before our own options: for keyrings and plugins. */
  readonly optionFile?: string | undefined
  readonly isDryRun: boolean
  readonly env: NodeJS.ProcessEnv
}

/** What its owner has to agree to before a directory is written over. */
export interface OverwriteConsent {
  readonly plan: RestorePlan
  readonly directory: string
  readonly loss: DirectoryLoss
}

export interface DirectoryLoss {
  /** Files of the directory that the backup does not have. */
  readonly toRemove: readonly string[]
  readonly toSetAside: readonly string[]
  /** Where the latter go; absent where they have to be moved away first, out of a directory that is mounted. */
  readonly setAside?: string
}

export interface DirectoryRestoreHooks extends UseCase {
  /** Asked before a directory is written over for the first time. Throws CONFIRMATION_MISSING when the answer is not yes. */
  readonly confirm: (consent: OverwriteConsent) => Promise<void>
}

export interface DirectoryRestored {
  readonly plan: RestorePlan
  readonly directory: string
  /** Of what was there; absent for an empty directory. */
  readonly loss?: DirectoryLoss
  /** The server that would recover, or has recovered, the files; absent with `isRaw`. */
  readonly program?: ServerProgram
  readonly leftOut: PhysicalContent['leftOut']
  /** What has to go over raw files before a server starts on them. */
  readonly prepare?: PhysicalContent['prepare']
  /** Absent when nothing was changed. */
  readonly report?: {
    readonly files: number
    readonly bytes: WrittenFiles
    readonly fileSeconds: number
    /** Absent with `isRaw`. */
    readonly recovery?: RecoveredReplay & { readonly seconds: number }
  }
}

/**
 * Throws TARGET_NOT_EMPTY, UNSUPPORTED, VERSION_MISMATCH, TOOL_MISSING and DISK_FULL before a byte is written, then what restoring, recovering
 * and replaying throw: the directory is of no use then, and says so itself; the same request goes on from there.
 */
export async function restoreDirectory(
  request: DirectoryRestoreRequest,
  { emit, signal, confirm }: DirectoryRestoreHooks,
): Promise<DirectoryRestored> {
  const directory = path.resolve(request.directory)
  const { isRaw, optionFile, owner } = request
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const { plan, archive } = await planRestoreOf(source, 'physical', request, { emit, signal })
  if (isRaw && plan.replay !== undefined && plan.replay.transactions > 0) {
    throw new HoldfastError('USAGE', '--raw restores the files of a backup as they are: say --to backup')
  }
  const backup = await source.openBackup(plan.base.id, signal)
  const content = parsePhysicalContent(backup.content)
  const way = await wayInto({ ...request, directory, content })
  const programs = isRaw ? undefined : await findRecoveryPrograms(request, backup, content, signal)
  await requireRoom(directory, content, freedBytes(way))
  const loss = lossOf(way)
  const facts = {
    plan,
    directory,
    ...(loss === undefined ? {} : { loss }),
    leftOut: content.leftOut,
    ...(content.prepare === undefined ? {} : { prepare: content.prepare }),
    ...(programs === undefined ? {} : { program: programs.server }),
  }
  if (request.isDryRun) return facts
  requirePlaceAside(directory, way)
  if (loss !== undefined && way.unfinished === undefined) await confirm({ plan, directory, loss })
  for (const message of plan.warnings) emit({ type: 'notice', level: 'warning', message })
  if (way.unfinished !== undefined) {
    const message = `going on with a restore of backup ${way.unfinished.backup}, which was begun at ${way.begunAt} and did not end`
    emit({ type: 'notice', level: 'info', message })
  }
  const { isInPlace, begunAt, outside } = way
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const mark = { source: source.name, backup: plan.base.id, directory, isInPlace, begunAt, outside }
  await setMark({ ...mark, isCleared: way.unfinished?.isCleared ?? !isInPlace })
  await clearWay(directory, way)
  await setMark({ ...mark, isCleared: true })
  const fileStart = performance.now()
  emit({ type: 'phase', phase: 'writing files', detail: directory })
  const putting = { directory, into: way.into, ownOutside: outside, owner, signal, emit }
  const bytes = await restoreFiles(backup, content, putting)
  const written = { files: content.files.length, bytes, fileSeconds: secondsSince(fileStart) }
  if (programs === undefined) {
    await removeMark(directory)
    return { ...facts, report: written }
  }
  const recoveryStart = performance.now()
  const recovered = await recoverFiles(
    { backup, content, directory, programs, optionFile, emit, signal },
    (settings) => replayOnto(plan, { settings, archive, emit, signal }),
  )
  await removeMark(directory)
  return {
    ...facts,
    report: { ...written, recovery: { ...recovered, seconds: secondsSince(recoveryStart) } },
  }
}

/** Blocks that what is there takes, except for what is only moved away. */
function freedBytes({ existing, extra }: WayIntoDirectory): number {
  const kept = new Set(extra.toSetAside)
  // stat(2) counts blocks of 512 bytes, whatever the file system has.
  return existing.reduce((sum, { path, stats }) => sum + (kept.has(path) ? 0 : stats.blocks * 512), 0)
}

/** What an earlier run has brought is nobody's loss. */
function lossOf({ isInPlace, extra, setAside }: WayIntoDirectory): DirectoryLoss | undefined {
  if (!isInPlace) return undefined
  const { toRemove, toSetAside } = extra
  return { toRemove, toSetAside, ...(setAside === undefined ? {} : { setAside }) }
}

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000
}
