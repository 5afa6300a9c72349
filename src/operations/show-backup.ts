// Use case: tell everything about one backup.
import type { BackupSource } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { formatNames, formatTableName } from '../core/name-list.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { type LogicalContent, parseLogicalContent } from '../logical/content.ts'
import { exclusionOf } from '../logical/selection.ts'
import { type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { existingSource } from './existing-source.ts'
import { type LastEvidence, lastEvidence } from './last-evidence.ts'
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
  /** Against the backup before; absent where there is none, and where that one did not have it. */
  readonly grownBytes?: number
  readonly grownRows?: number
}

/** All tables of a schema together. */
export interface SchemaSummary {
  readonly schema: string
  readonly tables: number
  readonly rows: number
  readonly sizeBytes: number
  /** Tables that are new or gone count as well. Absent where the backup before had none of the schema. */
  readonly grownBytes?: number
}

export interface BackupReport {
  readonly source: string
  readonly summary: BackupSummary
  readonly tried: LastEvidence
  /** Of logical backups, in the order of names. */
  readonly schemas: readonly SchemaSummary[]
  readonly objects: readonly ObjectSummary[]
  /** Of logical backups: what they leave out of what was there, or hold otherwise. */
  readonly filters?: FilterReport
  /** How rows or files came to be of one moment; absent for imported dumps, and for methods that have another way. */
  readonly snapshot?: NonNullable<LogicalContent['snapshot'] | PhysicalContent['snapshot']>
  /** What the server was set up with and the backup does not hold, by kind and name. */
  readonly setup?: readonly string[]
  /** The one that growth is told against: the last one before with the same selection and filters. */
  readonly before?: string
  /** Tables of that one which are not in this one. */
  readonly gone?: readonly TableName[]
}

/** Names are written as options take them. */
export interface FilterReport {
  readonly parts?: 'structure' | 'data'
  readonly excluded: readonly string[]
  readonly where: readonly { readonly table: string; readonly condition: string }[]
  readonly masks: readonly { readonly column: string; readonly method: string }[]
}

/** Throws what opening throws, USAGE for an unknown source or backup, VERIFY_FAILED when the manifest is damaged. */
export async function showBackup(request: ShowRequest, signal: AbortSignal): Promise<BackupReport> {
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const id = await findBackup(source, request.backup, signal)
  const backup = await source.openBackup(id, signal)
  const { summary } = backup
  const content = summary.kind === 'logical' ? parseLogicalContent(backup.content) : undefined
  const files = summary.kind === 'physical' ? parsePhysicalContent(backup.content) : undefined
  const snapshot = content?.snapshot ?? files?.snapshot
  const tables = content === undefined ? new Map<string, TableName>() : tablesOf(content)
  const sizes = await objectSizes(backup, files, signal)
  const before = await sizesBefore(source, summary, content, signal)
  const objects = [...sizes].map(([name, { sizeBytes, rows }]) => {
    const table = tables.get(name)
    const earlier = before?.sizes.get(name)
    return {
      name,
      ...(table === undefined ? {} : { table }),
      sizeBytes,
      rows,
      ...(earlier === undefined
        ? {}
        : { grownBytes: sizeBytes - earlier.sizeBytes, grownRows: rows - earlier.rows }),
    }
  })
  const tried = await lastEvidence(source, (await source.listEvidence(signal)).get(id), signal)
  return {
    source: source.name,
    summary,
    tried,
    schemas: schemasOf(objects, before),
    objects,
    ...(content === undefined ? {} : { filters: filtersOf(content) }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(content?.setup === undefined ? {} : { setup: content.setup }),
    ...(before === undefined
      ? {}
      : {
          before: before.id,
          gone: [...before.tables].flatMap(([name, table]) => (sizes.has(name) ? [] : [table])),
        }),
  }
}

function filtersOf({ selection, parts, schemas }: LogicalContent): FilterReport {
  const exclude = exclusionOf(selection)
  const tables = schemas.flatMap((schema) => schema.tables.map((table) => ({ schema: schema.name, table })))
  return {
    ...(parts === undefined ? {} : { parts }),
    excluded: [
      ...(exclude?.schemas ?? []).map((schema) => formatNames([schema])),
      ...(exclude?.tables ?? []).map(formatTableName),
    ],
    where: tables.flatMap(({ schema, table: { name, where } }) =>
      where === undefined ? [] : [{ table: formatTableName({ schema, name }), condition: where }],
    ),
    masks: tables.flatMap(({ schema, table: { name, columns } }) =>
      columns.flatMap((column) =>
        column.mask === undefined
          ? []
          : [{ column: formatNames([schema, name, column.name]), method: column.mask }],
      ),
    ),
  }
}

interface ObjectSize {
  readonly sizeBytes: number
  readonly rows: number
}

async function objectSizes(
  backup: BackupSource,
  physical: PhysicalContent | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ObjectSize>> {
  const files = new Map(physical?.files.map((file) => [file.path, file]))
  const sizes = new Map<string, ObjectSize>()
  for (const name of backup.objectNames()) {
    const file = files.get(name)
    // Its chunks may be several for one place.
    if (file !== undefined) {
      sizes.set(name, { sizeBytes: file.sizeBytes, rows: 0 })
      continue
    }
    const { chunks } = await backup.object(name, signal)
    sizes.set(name, {
      sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0),
      rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    })
  }
  return sizes
}

interface EarlierBackup {
  readonly id: string
  readonly sizes: ReadonlyMap<string, ObjectSize>
  readonly tables: ReadonlyMap<string, TableName>
}

/** What was asked for, so that two backups of the same can be told from others. */
function requestOf(content: LogicalContent | undefined): string {
  return content === undefined
    ? ''
    : JSON.stringify([content.selection, filtersOf(content), content.imported?.format])
}

/** The last backup before this one that was made the same way, of the same. Undefined when there is none that can be read. */
async function sizesBefore(
  source: SourceRepository,
  { id, kind, method }: BackupSummary,
  content: LogicalContent | undefined,
  signal: AbortSignal,
): Promise<EarlierBackup | undefined> {
  const all = await source.listBackups(signal)
  const earlier = all.slice(
    0,
    all.findIndex((listing) => listing.id === id),
  )
  for (const listing of earlier.toReversed()) {
    try {
      const backup = await source.openBackup(listing.id, signal)
      if (backup.summary.kind !== kind || backup.summary.method !== method) continue
      const earlierContent = kind === 'logical' ? parseLogicalContent(backup.content) : undefined
      if (requestOf(earlierContent) !== requestOf(content)) continue
      const tables = earlierContent === undefined ? new Map<string, TableName>() : tablesOf(earlierContent)
      const files = kind === 'physical' ? parsePhysicalContent(backup.content) : undefined
      return { id: listing.id, sizes: await objectSizes(backup, files, signal), tables }
    } catch (error) {
      // Damage in another backup is for `verify` to tell.
      if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
    }
  }
  return undefined
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function schemasOf(
  objects: readonly ObjectSummary[],
  before: EarlierBackup | undefined,
): readonly SchemaSummary[] {
  const earlier = Map.groupBy(before?.tables ?? [], ([, table]) => table.schema)
  const bySchema = Map.groupBy(
    objects.filter(({ table }) => table !== undefined),
    ({ table }) => table?.schema ?? '',
  )
  return [...bySchema]
    .map(([schema, tables]) => {
      const sizeBytes = sum(tables.map((table) => table.sizeBytes))
      const were = earlier.get(schema)?.map(([name]) => before?.sizes.get(name)?.sizeBytes ?? 0)
      return {
        schema,
        tables: tables.length,
        rows: sum(tables.map(({ rows }) => rows)),
        sizeBytes,
        ...(were === undefined ? {} : { grownBytes: sizeBytes - sum(were) }),
      }
    })
    .toSorted((a, b) => (a.schema < b.schema ? -1 : 1))
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
