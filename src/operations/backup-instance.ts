// Use case: take a backup of a server into the repository.
import { availableParallelism } from 'node:os'
import type { BackupMethod } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { EmitEvent } from '../core/events.ts'
import { RateLimit } from '../core/rate-limit.ts'
import type { LockChoice } from '../instance/consistent-snapshot.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import type { LogCoverage } from '../instance/log-coverage.ts'
import { readLogCoverage } from '../instance/read-log-coverage.ts'
import { dumpLogical } from '../logical/dump-logical.ts'
import { defaultCompressLevel, hungryLevel } from '../repository/compression.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { Connection } from '../wire/connection.ts'
import { sourceIdentity } from './identify-source.ts'
import { logGaps, unseenReplica } from './log-gaps.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type FilterRequest, parseFilters } from './parse-filters.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'
import { requirePrivileges } from './require-privileges.ts'
import { readersOnThreads } from './threads/thread-reader.ts'

export interface BackupRequest extends PartsRequest, FilterRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  readonly method: Extract<BackupMethod, 'dump'>
  readonly threads?: number | undefined
  readonly locks?: LockChoice | undefined
  /** Of one attempt to take a lock. */
  readonly lockWaitSeconds?: number | undefined
  /** Of rows that come, over all threads. */
  readonly bytesPerSecond?: number | undefined
}

export interface UseCase {
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** Throws what opening, connecting and dumping throw; nothing is in the repository for readers unless it returns. */
export async function backupInstance(
  request: BackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const { settings, method } = request
  const selection = parseSelection(request)
  const filters = await parseFilters(request)
  const repository = await openRepository(request.access, signal)
  const source = repository.source(request.source)
  emit({ type: 'phase', phase: 'connecting' })
  await recordSource(request, source, { emit, signal })
  await using session = await source.beginBackup('logical', method, { signal, emit })
  const threads = request.threads ?? defaultThreads(request.access.compressLevel)
  const rateLimit = rateLimitOf(request.bytesPerSecond)
  // One reader alone does better with this thread's pool for compression.
  const openReader =
    threads > 1
      ? { openReader: readersOnThreads(settings, session, request.access.place, threads, rateLimit) }
      : {}
  const result = await dumpLogical({
    settings,
    selection,
    filters,
    sink: session,
    threads,
    locks: request.locks ?? 'auto',
    lockBounds: lockBoundsOf(request.lockWaitSeconds),
    ...openReader,
    rateLimit,
    emit,
    // A lost lease ends the reading as well.
    signal: session.signal,
  })
  for (const message of result.warnings) emit({ type: 'notice', level: 'warning', message })
  emit({ type: 'phase', phase: 'committing' })
  // Awaited here: leaving this block without it would abandon the session under the commit.
  return await session.commit(result)
}

export function rateLimitOf(bytesPerSecond: number | undefined): RateLimit | undefined {
  return bytesPerSecond === undefined ? undefined : RateLimit.of(bytesPerSecond)
}

/**
 * More connections than processors do not read faster; more than four are felt by other users of the server. Each takes 40 MiB of memory, and
 * 30 more where zstd needs much: 300 MiB shall do in all.
 */
export function defaultThreads(compressLevel = defaultCompressLevel): number {
  return Math.min(compressLevel < hungryLevel ? 4 : 2, availableParallelism())
}

/** Looks at the server before anything is written for it. */
async function recordSource(
  request: BackupRequest,
  source: SourceRepository,
  { emit, signal }: UseCase,
): Promise<void> {
  await using connection = await Connection.open(request.settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  // What an account may not see does not fail to be read: it is not there. Parts are named by who asks for them.
  if (request.schemas === undefined && request.tables === undefined)
    requirePrivileges(facts, 'backup', [], request.locks === 'none' ? ['LOCK TABLES'] : [])
  if (!facts.binlog.isOn) {
    emit({
      type: 'notice',
      level: 'warning',
      message: 'the server has no binary log: this backup can bring back its own moment and nothing after it',
    })
  } else tellLogGaps(await readLogCoverage(connection, { signal }), emit)
  await source.ensure(sourceIdentity(facts), signal)
}

/** A backup is whole whatever the log lacks; an archive that is to go on from it is not. */
function tellLogGaps(coverage: LogCoverage, emit: EmitEvent): void {
  for (const { problem } of logGaps(coverage)) {
    const message = `the binary log cannot bring back all that comes after this backup: ${problem}`
    emit({ type: 'notice', level: 'warning', message })
  }
  const unseen = unseenReplica(coverage)
  if (unseen !== undefined) emit({ type: 'notice', level: 'info', message: `${unseen}: see holdfast doctor` })
}
