// Use case: take the dump of another program into the repository as a logical backup.
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { type DumpFormat, importDump } from '../logical/import/import-dump.ts'
import type { TextCharset } from '../logical/import/text-charset.ts'
import { LateSession } from './late-session.ts'
import { openDump } from './open-dump.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

/** All that there are. */
export const dumpFormats: readonly DumpFormat[] = ['mysqldump', 'tab', 'mydumper', 'mysql-shell']

export interface ImportRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  /** A file or a folder. */
  readonly place: string
  /** Told by the files by default. */
  readonly format?: DumpFormat | undefined
  /** For a dump that does not name its schema. */
  readonly schema?: string | undefined
  /** For a dump that does not say the server's version. */
  readonly serverVersion?: string | undefined
  /** For a dump of --tab whose bytes do not tell: `binary` or `utf8mb4`. */
  readonly textCharset?: TextCharset | undefined
}

export interface ImportReport {
  readonly backup: BackupSummary
  readonly format: DumpFormat
  readonly schemas: number
  readonly tables: number
  readonly rows: number
}

/** Throws what opening and reading throw; nothing is in the repository for readers unless it returns. */
export async function importIntoRepository(
  request: ImportRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<ImportReport> {
  const { files, format } = await openDump(request.place, request.format)
  if (request.textCharset !== undefined && format !== 'tab') {
    throw new HoldfastError('USAGE', `--character-set is for dumps of --tab, and this is one of ${format}`)
  }
  const repository = await openRepository(request.access, signal)
  const source = repository.source(request.source)
  await using session = new LateSession(() => source.beginBackup('logical', 'dump', { signal, emit }))
  const { result, ...counts } = await importDump({
    files,
    format,
    schema: request.schema,
    serverVersion: request.serverVersion,
    textCharset: request.textCharset,
    sink: session,
    emit,
    signal,
  })
  // A dump does not say which server it is of; only that it cannot be one of another family.
  await source.ensure({ flavour: result.origin.flavour, serverId: 0 }, signal)
  for (const message of result.warnings) emit({ type: 'notice', level: 'warning', message })
  emit({ type: 'phase', phase: 'committing' })
  const backup = await session.commit(result)
  return { backup, format, ...counts }
}
