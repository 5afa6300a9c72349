// Names and types of a table's columns as a backup's definition has them, for logs that do not tell.
import type { Archive } from '../archive/archive.ts'
import { DefinitionChanges } from '../archive/definition-changes.ts'
import type { DefinedColumns, KnownColumns } from '../archive/show-transactions.ts'
import type { ColumnFacts } from '../binlog/column-facts.ts'
import type { TableMap } from '../binlog/table-map-event.ts'
import { isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { type DefinedColumn, definedColumns } from '../logical/defined-columns.ts'
import type { BackupListing } from '../repository/manifest.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { isStoredAs } from './stored-as.ts'
import { WayFromBackup } from './way-from-backup.ts'

// Of very many tables one takes some tens of MiB.
const keptDefinitions = 4

/**
 * Looks into the last backup before a change that has the table, and then into the first one after it. A definition counts where the archive
 * goes from one to the other without a gap and without a DDL that may have changed the table's columns, and where it is stored as logged.
 */
export function columnsOfBackups(
  source: SourceRepository,
  archive: Archive,
  signal: AbortSignal,
): KnownColumns {
  const backups = new DefinitionsOfBackups(source, signal)
  const changes = new DefinitionChanges(archive, signal)
  const ways = new Map<string, Promise<WayFromBackup | undefined>>()
  const wayFrom = (id: string): Promise<WayFromBackup | undefined> => {
    const way =
      ways.get(id) ?? readable(async () => WayFromBackup.of(await source.readBackup(id, signal), archive))
    ways.set(id, way)
    return way
  }

  /** `elsewhere`: it tells nothing of this change, and another backup may. */
  const definedIn = async (
    { id }: BackupListing,
    map: TableMap,
    change: Parameters<KnownColumns>[1],
  ): Promise<DefinedColumns | 'elsewhere' | undefined> => {
    const stretches = (await wayFrom(id))?.to(change)
    if (stretches === undefined) return 'elsewhere'
    const columns = await backups.columns(id, map)
    if (columns === 'no table') return 'elsewhere'
    for (const stretch of stretches) {
      if (await changes.mayHaveChanged(map.schema, map.table, stretch)) return undefined
    }
    return columns === undefined ? undefined : fitting(columns, map, id)
  }

  return async (map, change) => {
    const all = await backups.list()
    const later = all.findIndex(({ startedAt }) => Date.parse(startedAt) * 1000 > change.timeMicros)
    const before = (later < 0 ? all : all.slice(0, later)).toReversed()
    const after = later < 0 ? [] : all.slice(later)
    for (const side of [before, after]) {
      for (const backup of side) {
        const found = await definedIn(backup, map, change)
        if (found === 'elsewhere') continue
        if (found !== undefined) return found
        // What changed the table lies between this change and all that are farther away, too.
        break
      }
    }
    return undefined
  }
}

/** The definitions of tables in logical backups, each read once, and the columns of each table told once. */
class DefinitionsOfBackups {
  readonly #source: SourceRepository
  readonly #signal: AbortSignal
  #listed: Promise<readonly BackupListing[]> | undefined
  readonly #definitions = new Map<string, Promise<ReadonlyMap<string, string> | undefined>>()
  readonly #columns = new Map<string, readonly DefinedColumn[] | undefined>()

  constructor(source: SourceRepository, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  /** Oldest first. */
  async list(): Promise<readonly BackupListing[]> {
    this.#listed ??= this.#source.listBackups(this.#signal)
    return (await this.#listed).filter(({ kind }) => kind === 'logical')
  }

  /** Undefined for a definition that cannot be read. */
  async columns(
    id: string,
    { schema, table }: TableMap,
  ): Promise<readonly DefinedColumn[] | 'no table' | undefined> {
    const name = nameOf(schema, table)
    const key = `${id}\0${name}`
    if (this.#columns.has(key)) return this.#columns.get(key)
    const ddl = (await this.#definitionsOf(id))?.get(name)
    if (ddl === undefined) return 'no table'
    const columns = definedColumns(ddl)
    this.#columns.set(key, columns)
    return columns
  }

  #definitionsOf(id: string): Promise<ReadonlyMap<string, string> | undefined> {
    const known =
      this.#definitions.get(id) ??
      readable(async () => {
        const { schemas } = parseLogicalContent((await this.#source.openBackup(id, this.#signal)).content)
        return new Map(
          schemas.flatMap(({ name: schema, tables }) =>
            tables.map(({ name, ddl }) => [nameOf(schema, name), ddl] as const),
          ),
        )
      })
    this.#definitions.delete(id)
    this.#definitions.set(id, known)
    const [oldest] = this.#definitions.keys()
    if (this.#definitions.size > keptDefinitions && oldest !== undefined) this.#definitions.delete(oldest)
    return known
  }
}

function nameOf(schema: string, table: string): string {
  return `${schema}\0${table}`
}

/** Without this backup names are missing, and are shown as numbers; that it is damaged, or gone, is for others to tell. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isHoldfastError(error, 'VERIFY_FAILED', 'WRONG_KEY', 'FAILED') || error instanceof MalformedDataError)
      return undefined
    throw error
  }
}

/** Undefined where the definition is of another table than the one that was written to, as without its DDL in the log. */
function fitting(
  defined: readonly DefinedColumn[],
  { columns = [] }: TableMap,
  backup: string,
): DefinedColumns | undefined {
  if (defined.length !== columns.length) return undefined
  if (!defined.every((each, i) => isStoredAs(each, columns[i]!))) return undefined
  return { backup, facts: defined.map(factsOf) }
}

/** Of a YEAR the log says that it has no sign, and the definition nothing. */
function factsOf({ name, type, isUnsigned, charset, labels }: DefinedColumn): ColumnFacts {
  return { name, isUnsigned: type === 'year' ? undefined : isUnsigned, charset, labels }
}
