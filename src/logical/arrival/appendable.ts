// Whether rows can be put into tables that are there: columns, triggers, and for --on-existing fail that there are no rows yet.
import { HoldfastError } from '../../core/errors.ts'
import { isSchema, quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import { ByteQuery } from '../byte-rows.ts'
import type { TableContent } from '../content.ts'
import { keysUnread, missingKeys } from '../deferred-indexes/missing-keys.ts'
import { runAll } from '../import/sql-tokens.ts'
import { parseCreateTable } from '../import/table-columns.ts'
import { readTableDdl } from '../table-ddl.ts'
import { type FittedColumn, fits } from './column-fit.ts'

export interface AppendedTable {
  readonly schema: string
  readonly table: TableContent
}

const shownProblems = 20

/**
 * Answers a warning for each table that lacks keys which it has in the backup: rows may go in twice there.
 * @throws HoldfastError TARGET_MISMATCH naming all that does not fit; nothing was changed then
 */
export async function checkAppendable(
  connection: Connection,
  tables: readonly AppendedTable[],
  mustBeEmpty: boolean,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const query = new ByteQuery()
  const problems: string[] = []
  const warnings: string[] = []
  for (const { schema, table } of tables) {
    signal?.throwIfAborted()
    const ddl = await readTableDdl(connection, query, schema, table.name)
    warnings.push(...keyWarnings(schema, table, ddl))
    problems.push(
      ...(await columnProblems(connection, ddl, schema, table)),
      ...(await triggerProblems(connection, schema, table)),
      ...(await engineProblems(connection, schema, table)),
    )
    if (mustBeEmpty && (await hasRows(connection, schema, table))) {
      problems.push(`${schema}.${table.name} has rows already (--on-existing append adds to them)`)
    }
  }
  if (problems.length === 0) return warnings
  const more = problems.length > shownProblems ? `; and ${problems.length - shownProblems} more` : ''
  throw new HoldfastError(
    'TARGET_MISMATCH',
    `rows cannot be put into the tables of the target: ${problems.slice(0, shownProblems).join('; ')}${more}`,
    { problems: problems.length },
  )
}

/** Rows are undone and sent again where the backup's engine could do that; in another one they would take those that are there with them. */
async function engineProblems(
  connection: Connection,
  schema: string,
  table: TableContent,
): Promise<readonly string[]> {
  if (!table.isTransactional) return []
  const [row] = await connection.query(
    `SELECT t.ENGINE AS engine, COALESCE(g.TRANSACTIONS, 'NO') AS trx
     FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES g ON g.ENGINE = t.ENGINE
     WHERE t.TABLE_SCHEMA = ${quoteText(schema)} AND t.TABLE_NAME = ${quoteText(table.name)}`,
  )
  if (row === undefined || textOf(row, 'trx') === 'YES') return []
  return [
    `${schema}.${table.name} has the engine ${textOf(row, 'engine')} without transactions, and not ${table.engine} as in the backup`,
  ]
}

/** Somebody wanted it so, or indexes were to be added when the rows were in, and that never came. */
function keyWarnings(schema: string, table: TableContent, ddl: string): readonly string[] {
  const missing = missingKeys(table.ddl, ddl)?.map(({ name }) => name || 'PRIMARY')
  if (missing === undefined) return [keysUnread(schema, table.name)]
  if (missing.length === 0) return []
  return [
    `${schema}.${table.name} lacks keys that it has in the backup (${missing.join(', ')}): what they forbid is not found there`,
  ]
}

async function columnProblems(
  connection: Connection,
  ddl: string,
  schema: string,
  table: TableContent,
): Promise<readonly string[]> {
  const name = `${schema}.${table.name}`
  const source = columnsIn(table.ddl)
  const target = columnsIn(ddl)
  const problems: string[] = []
  for (const column of table.columns) {
    const [from, to] = [source.get(column.name.toLowerCase()), target.get(column.name.toLowerCase())]
    // The bounds of history are in no definition where they are hidden.
    if (from === undefined && table.hasHistory) continue
    if (to === undefined) problems.push(`${name} has no column ${column.name}`)
    else if (to.isGenerated) problems.push(`column ${column.name} of ${name} is generated`)
    else if (from === undefined || !fits(from, to)) {
      problems.push(
        `column ${column.name} of ${name} is ${typeText(to)}, and ${typeText(from)} in the backup`,
      )
    }
  }
  const given = new Set(table.columns.map((column) => column.name.toLowerCase()))
  for (const column of await columnsWithoutDefault(connection, schema, table.name)) {
    if (!given.has(column.toLowerCase()))
      problems.push(`column ${column} of ${name} has no default, and is not in the backup`)
  }
  return problems
}

interface TargetColumn extends FittedColumn {
  readonly isGenerated: boolean
}

function columnsIn(ddl: string): ReadonlyMap<string, TargetColumn> {
  const parsed = parseCreateTable(Buffer.from(ddl), runAll)
  return new Map(
    (parsed?.columns ?? []).map((column) => [
      column.name.toLowerCase(),
      {
        ...column,
        isUnsigned: isUnsigned(ddl, column.name),
        isGenerated: column.extra !== '',
      },
    ]),
  )
}

function isUnsigned(ddl: string, column: string): boolean {
  const start = ddl.indexOf(`\n  \`${column.replaceAll('`', '``')}\` `)
  return start >= 0 && /^\n {2}`(?:[^`]|``)*` \w+(?:\([\d,]*\))? unsigned\b/.test(ddl.slice(start))
}

function typeText(column: FittedColumn | undefined): string {
  if (column === undefined) return 'not defined'
  const { fullType, isUnsigned, charset } = column
  return `${fullType}${isUnsigned ? ' unsigned' : ''}${charset === undefined ? '' : ` in ${charset}`}`
}

async function columnsWithoutDefault(
  connection: Connection,
  schema: string,
  table: string,
): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
     WHERE ${isSchema('TABLE_SCHEMA', schema)} AND TABLE_NAME = ${quoteText(table)} AND IS_NULLABLE = 'NO'
       AND COLUMN_DEFAULT IS NULL AND EXTRA NOT LIKE '%auto_increment%' AND EXTRA NOT LIKE '%GENERATED%'
       AND COALESCE(GENERATION_EXPRESSION, '') = ''`,
  )
  return rows.map((row) => textOf(row, 'name'))
}

/** They would fire for each row: what they write is in the backup already, or in nobody's. */
async function triggerProblems(
  connection: Connection,
  schema: string,
  { name }: TableContent,
): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS
     WHERE ${isSchema('EVENT_OBJECT_SCHEMA', schema)} AND EVENT_OBJECT_TABLE = ${quoteText(name)} AND EVENT_MANIPULATION LIKE '%INSERT%'`,
  )
  return rows.map((row) => `trigger ${textOf(row, 'name')} of ${schema}.${name} would fire for each row`)
}

async function hasRows(connection: Connection, schema: string, { name }: TableContent): Promise<boolean> {
  const rows = await connection.query(`SELECT 1 FROM ${quoteQualified(schema, name)} LIMIT 1`)
  return rows.length > 0
}
