// Use case: take a physical backup of a running MariaDB on this host, by mariadb-backup.
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { backUpServer } from '../physical/mariadb-backup/back-up-server.ts'
import { findBackupProgram, requireSeriesOf } from '../physical/mariadb-backup/backup-program.ts'
import { Connection } from '../wire/connection.ts'
import type { UseCase } from './backup-instance.ts'
import { sourceIdentity } from './identify-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { sinkOnThreads, storeThreads } from './threads/sink-on-threads.ts'

export interface ProgramBackupRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  readonly threads?: number | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Throws TOOL_MISSING and VERSION_MISMATCH before anything is read, and what mariadb-backup fails of: then there is no backup. */
export async function backupWithMariadbBackup(
  { access, settings, source: name, threads = 2, env }: ProgramBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const repository = await openRepository(access, signal)
  const source = repository.source(name)
  emit({ type: 'phase', phase: 'connecting' })
  const facts = await factsOf(settings, signal)
  if (facts.flavour !== 'mariadb') {
    throw new HoldfastError(
      'UNSUPPORTED',
      `mariadb-backup is for MariaDB, and this server is MySQL ${facts.version}`,
      {},
      {
        hint: 'Use --method clone.',
      },
    )
  }
  const program = await findBackupProgram(env, signal)
  requireSeriesOf(facts.version, program)
  if (!facts.binlog.isOn) {
    const message =
      'the server has no binary log: this backup can bring back its own moment and nothing after it'
    emit({ type: 'notice', level: 'warning', message })
  }
  const identity = sourceIdentity(facts)
  await source.ensure(identity, signal)
  await using session = await source.beginBackup('physical', 'mariadb-backup', { signal, emit })
  await using sink = sinkOnThreads(session, access.place, storeThreads())
  emit({ type: 'phase', phase: 'reading files', detail: `with ${program.path} (${program.version})` })
  const origin = { ...identity, serverVersion: facts.version }
  const stored = await backUpServer({
    settings,
    origin,
    program,
    threads,
    sink,
    emit,
    signal: session.signal,
  })
  emit({ type: 'phase', phase: 'committing' })
  await sink.finish()
  return await session.commit(stored)
}

async function factsOf(
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof inspectInstance>>> {
  await using connection = await Connection.open(settings, { signal })
  return await inspectInstance(connection, { signal })
}
