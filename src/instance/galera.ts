// Whether a server is a node of a Galera cluster: MariaDB, or a build of MySQL with that library.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import { textOf } from '../wire/row-values.ts'
import type { SqlSession } from '../wire/sql-session.ts'

/** A node applies what other nodes commit, as a replica does, without being set up as one. */
export async function isClusterNode(session: SqlSession, options: StatementOptions): Promise<boolean> {
  const rows = await session.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_provider')",
    options,
  )
  const values = new Map(rows.map((row) => [textOf(row, 'Variable_name'), textOf(row, 'Value')]))
  const provider = values.get('wsrep_provider') ?? ''
  return values.get('wsrep_on') === 'ON' && provider !== '' && provider !== 'none'
}
