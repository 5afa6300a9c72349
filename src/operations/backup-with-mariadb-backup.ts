// Use case: take a physical backup of a running MariaDB on this host, by mariadb-backup.
import type { BackupSummary } from '../core/backup-summary.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { Selection } from '../logical/selection.ts'
import { backUpServer } from '../physical/mariadb-backup/back-up-server.ts'
import { findBackupProgram, requireSeriesOf } from '../physical/mariadb-backup/backup-program.ts'
import type { PartName } from '../physical/mariadb-backup/parts.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { sourceIdentity } from './identify-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'
import { recordSource } from './record-source.ts'

export interface ProgramBackupRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  readonly threads?: number | undefined
  /** Only these; everything by default. */
  readonly parts?: Pick<PartsRequest, 'schemas' | 'tables'> | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Throws TOOL_MISSING and VERSION_MISMATCH before anything is read, and what mariadb-backup fails of: then there is no backup. */
export async function backupWithMariadbBackup(
  { access, settings, source: name, threads = 2, parts: wanted = {}, env }: ProgramBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const parts = partsOf(parseSelection(wanted))
  const repository = await openRepository(access, signal)
  const source = repository.source(name)
  emit({ type: 'phase', phase: 'connecting' })
  const program = await findBackupProgram('mariadb-backup', env, signal)
  const facts = await recordSource(settings, source, { emit, signal }, ({ flavour, version }) => {
    if (flavour !== 'mariadb') throw notMariadb(version)
    requireSeriesOf(version, program)
  })
  emit({ type: 'phase', phase: 'reading files', detail: `with ${program.path} (${program.version})` })
  const origin = { ...sourceIdentity(facts), serverVersion: facts.version }
  return await commitFiles(source, 'mariadb-backup', access.place, { emit, signal }, (sink, either) =>
    backUpServer({ settings, origin, program, threads, parts, sink, emit, signal: either }),
  )
}

function partsOf(selection: Selection): readonly PartName[] | undefined {
  if (selection.kind === 'everything') return undefined
  return selection.kind === 'tables' ? selection.tables : selection.schemas.map((schema) => ({ schema }))
}

function notMariadb(version: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `mariadb-backup is for MariaDB, and this server is MySQL ${version}`,
    {},
    { hint: 'Use --method clone.' },
  )
}
