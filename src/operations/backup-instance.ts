// Use case: take a backup of a server into the repository.
import { availableParallelism } from 'node:os'
import type { BackupMethod } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { EmitEvent } from '../core/events.ts'
import { RateLimit } from '../core/rate-limit.ts'
import type { LockChoice } from '../instance/consistent-snapshot.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import { dumpLogical } from '../logical/dump-logical.ts'
import { defaultCompressLevel, hungryLevel } from '../repository/compression.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type FilterRequest, parseFilters } from './parse-filters.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'
import { recordSource } from './record-source.ts'
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
  await recordSource(settings, source, { emit, signal }, (facts) => {
    // What an account may not see does not fail to be read: it is not there. Parts are named by who asks for them.
    if (request.schemas === undefined && request.tables === undefined)
      requirePrivileges(facts, 'backup', [], request.locks === 'none' ? ['LOCK TABLES'] : [])
  })
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
