// Tables of a recovered server, as CHECK TABLE finds them.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { formatTableName } from '../../core/name-list.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'

export interface TableProblem {
  readonly table: string
  /** In the server's own words. */
  readonly problem: string
}

export interface TableCheck {
  readonly tables: number
  readonly problems: readonly TableProblem[]
}

/** Engines that keep what they hold in files, and can check it. */
const checked = "'InnoDB', 'MyISAM', 'Aria', 'ARCHIVE', 'CSV'"

/** ER_UNKNOWN_STORAGE_ENGINE */
const noEngine = /Unknown storage engine '([^']+)'/

export interface CheckOptions {
  /** All that keep what they hold in files by default. */
  readonly tables?: readonly TableName[]
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** Throws HOST_TROUBLE where the server lacks the engine of a table: that says nothing of what the table holds. */
export async function checkTables(
  settings: ConnectionSettings,
  { tables, emit, signal }: CheckOptions,
): Promise<TableCheck> {
  await using connection = await Connection.open(settings, { signal })
  const all = tables ?? (await tablesInFiles(connection, signal))
  const problems: TableProblem[] = []
  let lacking: HoldfastError | undefined
  for (const [done, { schema, name }] of all.entries()) {
    emit({ type: 'progress', phase: 'checking tables', done, total: all.length, unit: 'tables' })
    const answers = await connection.query(`CHECK TABLE ${quoteQualified(schema, name)}`, { signal })
    const words = answers.map((answer) => ({
      type: textOf(answer, 'Msg_type'),
      text: textOf(answer, 'Msg_text'),
    }))
    const engine = words.map(({ text }) => noEngine.exec(text)?.[1]).find((found) => found !== undefined)
    if (engine !== undefined) {
      // What else is said of the table follows from that.
      lacking ??= lacksEngine({ schema, name }, engine)
      continue
    }
    for (const { type, text } of words) {
      // `note` says that an engine cannot check; `status` is OK, or that the table is fine as it is.
      const isFine = type === 'note' || (type === 'status' && /^(OK|Table is already up to date)$/.test(text))
      if (!isFine) problems.push({ table: `${schema}.${name}`, problem: `${type}: ${text}` })
    }
  }
  // What is damaged is damaged whatever the server lacks.
  if (lacking !== undefined && problems.length === 0) throw lacking
  return { tables: all.length, problems }
}

async function tablesInFiles(connection: Connection, signal: AbortSignal): Promise<readonly TableName[]> {
  const rows = await connection.query(
    // A table that cannot be opened has no engine.
    `SELECT table_schema AS s, table_name AS t FROM information_schema.tables
     WHERE (engine IN (${checked}) OR engine IS NULL AND table_type = 'BASE TABLE') AND table_schema <> 'performance_schema' ORDER BY 1, 2`,
    { signal },
  )
  return rows.map((row) => ({ schema: textOf(row, 's'), name: textOf(row, 't') }))
}

function lacksEngine(table: TableName, engine: string): HoldfastError {
  return new HoldfastError(
    'HOST_TROUBLE',
    `${formatTableName(table)} wants the engine ${engine}, which the server that recovers has not`,
    { table: formatTableName(table), engine },
    {
      hint: 'Install the engine beside that server, and name an option file that loads it (plugin-load-add) with --server-options FILE. The files of the table are in the backup.',
    },
  )
}
