// How rows would be loaded, in words for a dry run.
import type { BackupSource } from '../core/backup.ts'
import type { SchemaContent } from './content.ts'
import { type Deferral, planDeferral } from './deferred-indexes/plan-deferral.ts'
import type { BegunLoad } from './ledger/begun-load.ts'
import { rowsLoaded, type TableLoad, tableLoads } from './table-loads.ts'

/**
 * One sentence a step, without its full stop. Reads the lists of chunks, and no chunk.
 * @throws HoldfastError VERIFY_FAILED where a list cannot be read, or does not have the rows of its table
 */
export async function explainLoad(
  backup: Pick<BackupSource, 'object'>,
  schemas: readonly SchemaContent[],
  threads: number,
  signal: AbortSignal | undefined,
  begun?: BegunLoad,
): Promise<readonly string[]> {
  const loads = await tableLoads(
    backup,
    schemas,
    signal,
    (schema, table) => begun?.loadedOf(schema, table) ?? [],
  )
  return [...describeBegun(loads, begun), ...describeLoad(loads, planDeferral(loads), threads)]
}

function describeBegun(loads: readonly TableLoad[], begun: BegunLoad | undefined): readonly string[] {
  if (begun === undefined) return []
  const [there, all] = [
    loads.reduce((sum, load) => sum + rowsLoaded(load), 0),
    loads.reduce((sum, { table }) => sum + table.rows, 0),
  ]
  return [
    `Go on with the load that was begun at ${begun.begunAt} UTC and interrupted: the target has ${counted(there, 'row', 'rows')} of ${all}`,
  ]
}

const shownTables = 3

export function describeLoad(loads: readonly TableLoad[], deferral: Deferral, threads: number): string[] {
  const filled = loads.filter(({ batches }) => batches.length > 0)
  if (filled.length === 0) return []
  const sessions = counted(threads, 'session', 'sessions')
  const steps = [
    `Load the rows of ${counted(filled.length, 'table', 'tables')} over ${sessions}, those of the largest first`,
  ]
  const later = [...deferral.values()]
  const indexed = later.filter(({ indexes }) => indexes.length > 0)
  if (indexed.length === 0) return steps
  const indexes = indexed.reduce((sum, table) => sum + table.indexes.flat().length, 0)
  const foreignKeys = later.reduce((sum, table) => sum + table.foreignKeys.length, 0)
  const names = indexed.slice(0, shownTables).map(({ schema, table }) => `${schema}.${table.name}`)
  const more = indexed.length > shownTables ? ` and ${indexed.length - shownTables} more` : ''
  const behind =
    foreignKeys === 0 ? '' : `, and ${counted(foreignKeys, 'foreign key', 'foreign keys')} at the end`
  steps.push(
    `Add ${counted(indexes, 'index', 'indexes')} of ${names.join(', ')}${more} when the rows of the table are in, which is faster${behind}`,
  )
  return steps
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
