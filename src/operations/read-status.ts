// Use case: tell how well an instance is protected at this moment: its newest backup, the end of its archive, and how its archiver is.
import { formatDuration } from '../core/duration.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { BackupListing } from '../repository/manifest.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { type ArchiverState, hasDied, readArchiverState, roomSeconds } from './archiver-state.ts'
import { archiversHere } from './archivers-here.ts'
import { existingSource } from './existing-source.ts'
import { type NewestHistory, type NewestWindow, readNewestHistory } from './newest-window.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { openStore } from './open-store.ts'
import { spoolFolder, spoolsFolder } from './spool-folder.ts'

export interface StatusRequest {
  readonly access: RepositoryAccess
  readonly source?: string | undefined
  /** Folder for spools of any number of instances; under the state directory by default. */
  readonly spool?: string | undefined
}

export interface SourceStatus {
  readonly name: string
  readonly newestBackup?: { readonly id: string; readonly startedAt: string; readonly ageSeconds: number }
  /** Absent where no key was given, or the newest timeline does not go on from a backup. */
  readonly window?: NewestWindow
  /** Absent where nothing is archived, or no key was given. */
  readonly lastSegment?: { readonly arrivedAt: string; readonly ageSeconds: number }
  /** Absent where no archiver ever ran on this machine. */
  readonly archiver?: ArchiverState & { readonly isRunning: boolean }
  /** What keeps commits from being archived as they should be. */
  readonly problems: readonly string[]
}

export interface StatusReport {
  readonly isBroken: boolean
  /** Set where the repository cannot be reached: then only archivers of this machine are told of. */
  readonly away?: { readonly place: string; readonly reason: string }
  readonly sources: readonly SourceStatus[]
}

/** It writes every two seconds; a machine that does nothing else for so long is in trouble itself. */
const silentMs = 60_000

/** Throws what opening the repository throws, unless an archiver of this machine can tell more; USAGE for an unknown instance. */
export async function readStatus(request: StatusRequest, signal: AbortSignal): Promise<StatusReport> {
  try {
    return await readFromRepository(request, signal)
  } catch (error) {
    if (!isHoldfastError(error, 'REPOSITORY_MISSING', 'STORE_UNUSABLE')) throw error
    const report = await readWithoutRepository(request, error.message)
    if (report.sources.length === 0) throw error
    return report
  }
}

async function readWithoutRepository(
  { access, spool, source }: StatusRequest,
  reason: string,
): Promise<StatusReport> {
  const { place } = openStore(access.place)
  const nowMs = Date.now()
  const here = await archiversHere(spoolsFolder(access, spool), place)
  const sources = here
    .filter(({ name }) => source === undefined || name === source)
    .map(({ name, archiver }) => ({
      name,
      archiver: { ...archiver, isRunning: isRunning(archiver, nowMs) },
      problems: archiverProblems(archiver, nowMs),
    }))
  return { isBroken: true, away: { place, reason }, sources }
}

async function readFromRepository(request: StatusRequest, signal: AbortSignal): Promise<StatusReport> {
  const { access, spool } = request
  const repository = await openRepository(access, signal)
  const isReadable = !repository.isEncrypted || access.identityFile !== undefined
  const named =
    request.source === undefined ? undefined : await existingSource(repository, request.source, signal)
  const names = named === undefined ? await repository.listSources(signal) : [named.name]
  const sources: SourceStatus[] = []
  for (const name of names) {
    const archiver = await readArchiverState(spoolFolder(access, spool, repository.id, name))
    const stored = await readStored(repository.source(name), isReadable, signal)
    const nowMs = Date.now()
    sources.push({
      name,
      ...aged(stored, nowMs),
      ...(archiver === undefined ? {} : { archiver: { ...archiver, isRunning: isRunning(archiver, nowMs) } }),
      problems: [
        ...(stored.problem === undefined ? [] : [stored.problem]),
        ...(archiver === undefined ? [] : archiverProblems(archiver, nowMs)),
      ],
    })
  }
  return { isBroken: sources.some(({ problems }) => problems.length > 0), sources }
}

interface Stored extends NewestHistory {
  readonly newest: BackupListing | undefined
  readonly problem?: string
}

async function readStored(
  source: SourceRepository,
  isReadable: boolean,
  signal: AbortSignal,
): Promise<Stored> {
  const backups = await source.listBackups(signal)
  const newest = backups.at(-1)
  if (!isReadable) return { newest }
  try {
    return {
      newest,
      ...(await readNewestHistory(
        source,
        backups.map(({ id }) => id),
        signal,
      )),
    }
  } catch (error) {
    if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
    return { newest, problem: error.message }
  }
}

function aged({ newest, window, lastArrivalMillis }: Stored, nowMs: number): Partial<SourceStatus> {
  return {
    ...(newest === undefined
      ? {}
      : {
          newestBackup: {
            id: newest.id,
            startedAt: newest.startedAt,
            ageSeconds: seconds(nowMs - Date.parse(newest.startedAt)),
          },
        }),
    ...(window === undefined ? {} : { window }),
    // By the source's clock.
    ...(lastArrivalMillis === undefined
      ? {}
      : {
          lastSegment: {
            arrivedAt: new Date(lastArrivalMillis).toISOString(),
            ageSeconds: seconds(nowMs - lastArrivalMillis),
          },
        }),
  }
}

/** One that ended because it had caught up, as from a timer, is as it should be. */
export function archiverProblems(state: ArchiverState, nowMs: number): readonly string[] {
  const { spool, awaySinceMs, semiSync } = state
  if (!isRunning(state, nowMs)) return endOf(state)
  const problems: string[] = []
  if (awaySinceMs !== undefined) {
    const room = roomSeconds(state, nowMs)
    problems.push(
      `the repository is away for the archiver since ${new Date(awaySinceMs).toISOString()}` +
        (room === undefined
          ? ''
          : `; at the rate since then its spool is full in ${formatDuration(room * 1000)}`),
    )
  }
  if (spool.isHeld) problems.push('the spool is full: nothing more is taken from the source')
  if (semiSync !== undefined && !semiSync.isWaiting) {
    problems.push(
      semiSync.isEnabled
        ? 'the source has fallen back to asynchronous replication: commits can be lost with it'
        : 'semi-synchronous replication is not enabled on the source: commits can be lost with it',
    )
  }
  return problems
}

function isRunning(state: ArchiverState, nowMs: number): boolean {
  return state.ended === undefined && !hasDied(state) && nowMs - state.writtenAtMs <= silentMs
}

function endOf(state: ArchiverState): readonly string[] {
  const { ended, writtenAtMs } = state
  if (ended === 'caught-up') return []
  const at = new Date(writtenAtMs).toISOString()
  if (ended === 'signal') return [`the archiver is not running: it was stopped at ${at}`]
  if (ended !== undefined) return [`the archiver is not running: it ended with ${ended} at ${at}`]
  if (hasDied(state)) return [`the archiver is not running: it died after ${at}`]
  return [`the archiver has not been heard of since ${at}`]
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
