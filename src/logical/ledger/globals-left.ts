// Global variables that a killed restore left changed on a target, as its ledger there tells.
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import { selectGlobals } from './ledger-tables.ts'

/**
 * What they were before, as SQL literals by name. Only what was noted in this life of the server: a restart has given every global its
 * own value.
 */
export async function globalsLeft(
  connection: Connection,
  ledger: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const [uptime] = await connection.query("SHOW GLOBAL STATUS LIKE 'Uptime'", { signal })
  const seconds = uptime === undefined ? 0 : numberOf(uptime, 'Value')
  const rows = await connection.query(selectGlobals(ledger, seconds), { signal })
  return new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'value')]))
}

/** What ends a load that nobody goes on with, as statements for people; the ledger alone knows what the globals were. */
export async function removalOf(
  connection: Connection,
  ledger: string,
  signal?: AbortSignal,
): Promise<string> {
  const globals = await globalsLeft(connection, ledger, signal)
  const statements = [...globals].map(([name, value]) => `SET GLOBAL ${name}=${value}`)
  // Its name needs no quotes, which a shell would take for its own.
  return [...statements, `DROP DATABASE ${ledger}`].map((statement) => `${statement};`).join(' ')
}
