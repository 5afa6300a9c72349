// The tables whose rows a clone lacks, because they are in engines that keep them elsewhere than InnoDB does.
import type { InstanceFacts, TableName } from '../../instance/instance-facts.ts'
import type { Connection } from '../../wire/connection.ts'
import type { FileIntake } from '../pour/file-intake.ts'

type TableOutside = TableName & { readonly engine: string }

export interface TablesOutside {
  readonly tables: readonly TableOutside[]
  /** False: the account does not see tables it has no privilege on, so there may be any number. */
  readonly isComplete: boolean
}

/** Engines whose tables are empty after every start, or hold no rows of their own. */
const withoutRows: ReadonlySet<string> = new Set(['MEMORY', 'BLACKHOLE', 'FEDERATED', 'MRG_MYISAM'])

/** Whether the rows of a table are somewhere that CLONE does not copy. */
export function isOutside(engine: string): boolean {
  return engine !== 'InnoDB' && !withoutRows.has(engine.toUpperCase())
}

/** Every server has these, in CSV. */
const logTables = ['general_log', 'slow_log']

/** As many as one can read in a sentence; all of them are in the manifest. */
const shownTables = 20

/** Any privilege on all tables shows them, SHOW VIEW among them. */
export async function tablesOutside(
  connection: Connection,
  { nonTransactionalTables }: InstanceFacts,
  signal: AbortSignal,
): Promise<TablesOutside> {
  const seen = await connection.query(
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'general_log'",
    { signal },
  )
  return {
    tables: nonTransactionalTables.filter(({ engine }) => isOutside(engine)),
    isComplete: seen.length > 0,
  }
}

/** Notes what `before` or `after` the clone was there; one that came and went is in neither. Answers what to warn of. */
export function leaveOutTables(
  intake: FileIntake,
  before: TablesOutside,
  after: TablesOutside,
): readonly string[] {
  const outside = new Map(
    [...before.tables, ...after.tables].map((table) => [`${table.schema}.${table.name}`, table.engine]),
  )
  for (const table of logTables) intake.leaveOut(`mysql.${table}`, 'the rows: CLONE copies InnoDB only')
  for (const [name, engine] of outside)
    intake.leaveOut(name, `the rows: it is ${engine}, and CLONE copies InnoDB only`)
  if (!after.isComplete) return [unseen]
  return outside.size === 0 ? [] : [lacks(outside)]
}

const unseen =
  'tables of other engines than InnoDB come back without their rows, and the account does not see whether there are any; ' +
  'GRANT SHOW VIEW ON *.* lets it see their names'

function lacks(outside: ReadonlyMap<string, string>): string {
  const named = [...outside].slice(0, shownTables).map(([name, engine]) => `${name} (${engine})`)
  const more = outside.size > shownTables ? ` and ${outside.size - shownTables} more` : ''
  return `these tables come back without their rows, for CLONE copies InnoDB only: ${named.join(', ')}${more}`
}
