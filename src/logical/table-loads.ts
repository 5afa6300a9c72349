// What there is to load of each table, the largest first.
import type { BackupSource } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { SchemaContent, TableContent } from './content.ts'
import type { SizedTable } from './deferred-indexes/plan-deferral.ts'
import { isRisingOnly } from './definition-statements.ts'
import type { LoadedText } from './ledger/loaded-text.ts'
import { bytesOf, type LoadBatch, loadBatches } from './load-batches.ts'

export interface TableLoad extends SizedTable {
  /** What is left. */
  readonly batches: readonly LoadBatch[]
  /** What an earlier run has brought. */
  readonly loaded: readonly LoadedText[]
}

/** What the target has of the rows of a table already. */
export type LoadedOf = (schema: string, table: TableContent) => readonly LoadedText[]

/**
 * All tables, those without rows too. The largest come first, so that the end is not one session with a big one.
 * @throws HoldfastError VERIFY_FAILED where the chunks of a table do not have its rows
 */
export async function tableLoads(
  backup: Pick<BackupSource, 'object'>,
  schemas: readonly SchemaContent[],
  signal: AbortSignal | undefined,
  loadedOf: LoadedOf = () => [],
): Promise<readonly TableLoad[]> {
  const loads: TableLoad[] = []
  for (const { name, tables } of schemas)
    for (const table of tables) {
      loads.push(await loadOf(backup, name, table, loadedOf(name, table), signal))
    }
  return loads.toSorted((a, b) => b.bytes - a.bytes)
}

async function loadOf(
  backup: Pick<BackupSource, 'object'>,
  schema: string,
  table: TableContent,
  loaded: readonly LoadedText[],
  signal: AbortSignal | undefined,
): Promise<TableLoad> {
  if (table.object === undefined || table.rows === 0) return { schema, table, bytes: 0, batches: [], loaded }
  const { chunks } = await backup.object(table.object, signal)
  const promised = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  if (promised !== table.rows) {
    throw new HoldfastError(
      'VERIFY_FAILED',
      `the chunks of ${schema}.${table.name} hold ${promised} rows and its definition says ${table.rows}`,
      { schema, table: table.name },
    )
  }
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
  const batches = isRisingOnly(table.engine)
    ? loadBatches(chunks, loaded, Number.POSITIVE_INFINITY)
    : loadBatches(chunks, loaded)
  return { schema, table, bytes, batches, loaded }
}

export function bytesLeft({ batches }: TableLoad): number {
  return batches.reduce((sum, batch) => sum + bytesOf(batch), 0)
}

export function rowsLoaded({ loaded }: TableLoad): number {
  return loaded.reduce((sum, { rows }) => sum + rows, 0)
}
