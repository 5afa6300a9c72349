// Which loads have left a ledger on a target.
import { quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import { loadTable } from './ledger-tables.ts'
import { ledgerPrefix } from './load-identity.ts'

/** A backup of a server with a load under way holds a ledger too: that is no concern of ours. */
export async function ledgersOn(connection: Connection, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA LIKE ${quoteText(`${ledgerPrefix.replaceAll('_', String.raw`\_`)}%`)} AND TABLE_NAME = ${quoteText(loadTable)}`,
    { signal },
  )
  return rows.map((row) => textOf(row, 'name'))
}
