// Whether a target still has the rows that its ledger tells of: somebody may have made, emptied or dropped a table between two runs.
import { HoldfastError } from '../../core/errors.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf } from '../../wire/row-values.ts'
import type { TableContent } from '../content.ts'
import type { MadeBefore } from '../made-before.ts'
import type { BegunLoad } from './begun-load.ts'
import { removalOf } from './globals-left.ts'

export interface LoadedTable {
  readonly schema: string
  readonly table: TableContent
  /** It had rows of its own before. */
  readonly isAppended: boolean
}

/**
 * Counts the rows of every table that an earlier run has made or added to. Nothing is counted once all is loaded: then a replay may have
 * gone on from there.
 * @throws HoldfastError TARGET_NOT_EMPTY for the first that does not have what the ledger tells
 */
export async function checkLoaded(
  connection: Connection,
  begun: BegunLoad,
  made: MadeBefore,
  tables: readonly LoadedTable[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (begun.isLoaded) return
  for (const { schema, table, isAppended } of tables) {
    const isThere = made.has('table', schema, table.name)
    // One that is gone is made and loaded anew, and one that knows no transactions too.
    if (!isAppended && (!isThere || !table.isTransactional)) continue
    const told = begun.loadedOf(schema, table).reduce((sum, { rows }) => sum + rows, 0)
    const found = isThere ? await countRows(connection, schema, table, signal) : 0
    if (isAppended ? isThere && found >= told : found === told) continue
    const name = `${schema}.${table.name}`
    throw new HoldfastError(
      'TARGET_NOT_EMPTY',
      isThere
        ? `${name} has ${found} rows, and an earlier run of this restore had brought ${told}: somebody changed it meanwhile`
        : `${name}, to which an earlier run of this restore had added rows, is no longer there`,
      { schema, table: table.name, rows: found, expectedRows: told },
      {
        hint: `Nothing goes on from there. To begin anew drop what the restore has made, then run there: ${await removalOf(connection, begun.ledger, signal)}`,
      },
    )
  }
}

async function countRows(
  connection: Connection,
  schema: string,
  { name, hasHistory }: TableContent,
  signal: AbortSignal | undefined,
): Promise<number> {
  const past = hasHistory ? ' FOR SYSTEM_TIME ALL' : ''
  const [row = {}] = await connection.query(
    `SELECT COUNT(*) AS found FROM ${quoteQualified(schema, name)}${past}`,
    { signal },
  )
  return numberOf(row, 'found')
}
