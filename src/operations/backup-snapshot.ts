// Use case: take a backup of a running server's files by a snapshot of the volume they lie on.
import type { BackupSummary } from '../core/backup-summary.ts'
import { backUpSnapshot } from '../physical/snapshot/back-up-snapshot.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { recordSource } from './record-source.ts'
import { findSnapshotServer, type SnapshotRequest } from './snapshot-server.ts'
import { withSnapshot } from './with-snapshot.ts'

export interface SnapshotBackupRequest extends SnapshotRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
}

/** Throws UNSUPPORTED for what no snapshot can be taken of, and what taking, reading and storing throw: then there is neither backup nor snapshot. */
export async function backupSnapshot(
  request: SnapshotBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const { access, settings } = request
  const repository = await openRepository(access, signal)
  const source = repository.source(request.source)
  const found = await findSnapshotServer(request, { emit, signal })
  await recordSource(settings, source, { emit, signal }, () => undefined)
  return await commitFiles(source, 'snapshot', access.place, { emit, signal }, (sink, either) =>
    withSnapshot({ ...request, ...found, emit, signal: either }, (opened) => {
      emit({ type: 'phase', phase: 'reading files' })
      return backUpSnapshot({ ...found, ...opened, sink, emit, signal: either })
    }),
  )
}
