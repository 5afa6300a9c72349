// Use case: tell everything about one backup.
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { type LogicalContent, parseLogicalContent } from '../logical/content.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface ShowRequest {
  readonly access: RepositoryAccess
  readonly source: string
  /** Id or the beginning of one; the newest when absent. */
  readonly backup?: string | undefined
}

export interface ObjectSummary {
  /** In the repository. */
  readonly name: string
  /** Absent for what is no table. */
  readonly table?: TableName
  readonly sizeBytes: number
  readonly rows: number
}

export interface BackupReport {
  readonly source: string
  readonly summary: BackupSummary
  readonly objects: readonly ObjectSummary[]
}

/** Throws what opening throws, USAGE for an unknown source or backup, VERIFY_FAILED when the manifest is damaged. */
export async function showBackup(request: ShowRequest, signal: AbortSignal): Promise<BackupReport> {
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const backup = await source.openBackup(await findBackup(source, request.backup, signal), signal)
  const tables =
    backup.summary.kind === 'logical'
      ? tablesOf(parseLogicalContent(backup.content))
      : new Map<string, TableName>()
  const objects: ObjectSummary[] = []
  for (const name of backup.objectNames()) {
    const { chunks } = await backup.object(name, signal)
    let sizeBytes = 0
    let rows = 0
    for (const chunk of chunks) {
      sizeBytes += chunk.plainBytes
      rows += chunk.rows
    }
    const table = tables.get(name)
    objects.push({ name, ...(table === undefined ? {} : { table }), sizeBytes, rows })
  }
  return { source: source.name, summary: backup.summary, objects }
}

/** By the name of the object with its rows. */
function tablesOf(content: LogicalContent): ReadonlyMap<string, TableName> {
  const tables = new Map<string, TableName>()
  for (const schema of content.schemas) {
    for (const { name, object } of schema.tables) {
      if (object !== undefined) tables.set(object, { schema: schema.name, name })
    }
  }
  return tables
}

/** The one backup whose id starts with `prefix`, or the newest. Throws USAGE when there is none, or more than one. */
export async function findBackup(
  source: SourceRepository,
  prefix: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const all = await source.listBackups(signal)
  const found = prefix === undefined ? all.slice(-1) : all.filter(({ id }) => id.startsWith(prefix))
  const [first] = found
  if (first !== undefined && found.length === 1) return first.id
  const what = prefix === undefined ? 'backup yet' : `backup ${prefix}`
  const message =
    first === undefined
      ? `${source.name} has no ${what}`
      : `${found.length} backups of ${source.name} start with ${prefix ?? ''}`
  throw new HoldfastError(
    'USAGE',
    message,
    { source: source.name },
    { hint: `See them with: holdfast list ${source.name}` },
  )
}
