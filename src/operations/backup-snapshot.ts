// Use case: take a backup of a running server's files by a snapshot of the volume they lie on.
import { readServerOptions } from '../config/server-options.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { readServerVariables } from '../instance/server-variables.ts'
import { backUpSnapshot } from '../physical/snapshot/back-up-snapshot.ts'
import { examineServer, type RunningServer } from '../physical/snapshot/running-server.ts'
import { defaultStateDirectory } from '../repository/host-state.ts'
import { Connection } from '../wire/connection.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { SnapshotNotes } from './left-snapshots.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { recordSource } from './record-source.ts'
import { requirePrivileges } from './require-privileges.ts'
import { type SnapshotChoices, withSnapshot } from './with-snapshot.ts'

export interface SnapshotBackupRequest extends SnapshotChoices {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  /** The data directory, where the server knows it by another name than this machine. */
  readonly directory?: string | undefined
  /** `none`: never held still. */
  readonly locks: 'auto' | 'none'
  /** The option file that the server is started with. */
  readonly optionFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Throws UNSUPPORTED for what no snapshot can be taken of, and what taking, reading and storing throw: then there is neither backup nor snapshot. */
export async function backupSnapshot(
  request: SnapshotBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const { access, settings, env } = request
  const repository = await openRepository(access, signal)
  const source = repository.source(request.source)
  const notes = new SnapshotNotes(defaultStateDirectory(env))
  await notes.clear({ emit, signal })
  const optionFiles =
    request.optionFile === undefined ? [] : (await readServerOptions(request.optionFile, env)).files
  emit({ type: 'phase', phase: 'connecting' })
  const server = await examine(request, signal)
  const isHeldStill = request.locks === 'auto' && server.lockReason !== undefined
  await recordSource(settings, source, { emit, signal }, (facts) =>
    requirePrivileges(
      facts,
      'snapshot',
      [],
      isHeldStill ? [] : ['RELOAD', 'BINLOG MONITOR', 'REPLICATION CLIENT'],
    ),
  )
  return await commitFiles(source, 'snapshot', access.place, { emit, signal }, (sink, either) =>
    withSnapshot({ ...request, server, isHeldStill, notes, emit, signal: either }, (opened) => {
      emit({ type: 'phase', phase: 'reading files' })
      return backUpSnapshot({ ...opened, server, optionFiles, sink, emit, signal: either })
    }),
  )
}

async function examine(
  { settings, directory, locks }: SnapshotBackupRequest,
  signal: AbortSignal,
): Promise<RunningServer> {
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const variables = await readServerVariables(connection, { signal })
  const server = await examineServer(facts, variables, directory)
  if (locks === 'none' && server.lockReason !== undefined) throw needsLock(server.lockReason)
  return server
}

function needsLock(reason: string): HoldfastError {
  return new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    `without a lock the files of a snapshot alone have to tell its moment, and they do not: ${reason}`,
    {},
    { hint: 'Leave out --no-locks: the server is held still for milliseconds.' },
  )
}
