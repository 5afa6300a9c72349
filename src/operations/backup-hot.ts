// Use case: take a hot backup, of the files of a server that runs on this host.
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import { backUpRunningServer } from '../physical/hot/back-up-running-server.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { recordSource } from './record-source.ts'
import { requirePrivileges } from './require-privileges.ts'

export interface HotBackupRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  /** Where the data directory is seen from here, if not where the server says. */
  readonly directory?: string | undefined
  /** Of one attempt to take a lock. */
  readonly lockWaitSeconds?: number | undefined
}

/** Throws what opening, connecting and copying throw; nothing is in the repository for readers unless it returns. */
export async function backupHot(
  { access, settings, source: name, directory, lockWaitSeconds }: HotBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const repository = await openRepository(access, signal)
  const source = repository.source(name)
  emit({ type: 'phase', phase: 'connecting' })
  await recordSource(settings, source, { emit, signal }, (facts) => requirePrivileges(facts, 'hot'))
  const lockBounds = lockBoundsOf(lockWaitSeconds)
  return await commitFiles(source, 'hot', access.place, { emit, signal }, (sink, either) =>
    backUpRunningServer({ settings, directory, lockBounds, sink, emit, signal: either }),
  )
}
