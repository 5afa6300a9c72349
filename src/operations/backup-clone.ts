// Use case: take a physical backup of a running MySQL server into the repository, over its ordinary port.
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { cloneInstance } from '../physical/clone/clone-instance.ts'
import { rateLimitOf, type UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { recordSource } from './record-source.ts'
import { requirePrivileges } from './require-privileges.ts'

export interface CloneBackupRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  /** Of what comes over the wire. */
  readonly bytesPerSecond?: number | undefined
}

/** Throws what opening, connecting and cloning throw; nothing is in the repository for readers unless it returns. */
export async function backupClone(
  request: CloneBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const { settings } = request
  const repository = await openRepository(request.access, signal)
  const source = repository.source(request.source)
  emit({ type: 'phase', phase: 'connecting' })
  await recordSource(settings, source, { emit, signal }, (facts) => requirePrivileges(facts, 'clone'))
  return await commitFiles(source, 'clone', request.access.place, { emit, signal }, (sink, either) =>
    cloneInstance({
      settings,
      sink,
      rateLimit: rateLimitOf(request.bytesPerSecond),
      emit,
      signal: either,
    }),
  )
}
