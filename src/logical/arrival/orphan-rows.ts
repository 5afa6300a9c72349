// Rows that refer to rows which are not there, where not everything that foreign keys join comes from one backup.
import { isHoldfastError } from '../../core/errors.ts'
import { formatTableName } from '../../core/name-list.ts'
import { isSchema, quoteName, quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import { serverErrno } from '../../wire/server-error.ts'
import { tableClauses } from '../deferred-indexes/table-clauses.ts'
import type { AppendedTable } from './appendable.ts'
import type { Arrival } from './plan-arrival.ts'

/**
 * Foreign keys are not checked while rows come, since tables refer to one another: a warning for each that does not hold now. Between
 * tables that were created both ends are of one moment of the source, and hold as they did there. That a created table refers to one
 * that was not chosen and is not there is no news.
 */
export async function orphanWarnings(
  connection: Connection,
  { appended, schemas }: Pick<Arrival, 'appended' | 'schemas'>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const created = schemas.flatMap(({ name, tables }) => tables.map((table) => ({ schema: name, table })))
  const isCreated = new Set(created.map(({ schema, table }) => keyOf(schema, table.name)))
  const pointsElsewhere = ({ schema, table }: AppendedTable): boolean => {
    if (!table.ddl.includes('REFERENCES')) return false
    const foreign = tableClauses(table.ddl)?.clauses.filter((clause) => clause.kind === 'foreign')
    return (
      foreign?.some(({ references: { schema: to = schema, name } }) => !isCreated.has(keyOf(to, name))) ??
      true
    )
  }
  const warnings: string[] = []
  for (const child of [...appended, ...created.filter(pointsElsewhere)]) {
    const isNew = isCreated.has(keyOf(child.schema, child.table.name))
    for (const key of await foreignKeys(connection, child, signal)) {
      if (isNew && isCreated.has(keyOf(key.schema, key.table))) continue
      const orphans = await findOrphans(connection, child, key, signal)
      if (isNew && orphans === 'no parent') continue
      if (orphans !== 0) warnings.push(orphanWarning(child, key, orphans))
    }
  }
  return warnings
}

/** Without regard to case: servers word the names of parents in their own way, and two tables taken for one are checked once less. */
function keyOf(schema: string, name: string): string {
  return formatTableName({ schema, name }).toLowerCase()
}

/** How many rows, or why they cannot be counted. */
type Orphans = number | 'no parent' | 'unreadable'

function orphanWarning({ schema, table }: AppendedTable, key: ForeignKey, orphans: Orphans): string {
  const child = formatTableName({ schema, name: table.name })
  const parent = `${key.schema}.${key.table}`
  if (orphans === 'no parent') {
    return `foreign key ${key.name} of ${child} refers to ${parent}, which is not there`
  }
  if (orphans === 'unreadable') {
    return `foreign key ${key.name} of ${child} is not checked, for the account may not read ${parent}`
  }
  return `foreign key ${key.name}: ${orphans} rows of ${child} refer to rows that ${parent} does not have`
}

interface ForeignKey {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly { readonly from: string; readonly to: string }[]
}

async function foreignKeys(
  connection: Connection,
  { schema, table }: AppendedTable,
  signal: AbortSignal | undefined,
): Promise<readonly ForeignKey[]> {
  const rows = await connection.query(
    `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS fromColumn, REFERENCED_TABLE_SCHEMA AS toSchema,
       REFERENCED_TABLE_NAME AS toTable, REFERENCED_COLUMN_NAME AS toColumn
     FROM information_schema.KEY_COLUMN_USAGE
     WHERE ${isSchema('TABLE_SCHEMA', schema)} AND TABLE_NAME = ${quoteText(table.name)} AND REFERENCED_TABLE_NAME IS NOT NULL
     ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`,
    { signal },
  )
  const byName = Map.groupBy(rows, (row) => textOf(row, 'name'))
  return [...byName].flatMap(([name, parts]) => {
    const [first] = parts
    if (first === undefined) return []
    const columns = parts.map((row) => ({ from: textOf(row, 'fromColumn'), to: textOf(row, 'toColumn') }))
    return [{ name, schema: textOf(first, 'toSchema'), table: textOf(first, 'toTable'), columns }]
  })
}

async function findOrphans(
  connection: Connection,
  { schema, table }: AppendedTable,
  key: ForeignKey,
  signal: AbortSignal | undefined,
): Promise<Orphans> {
  const isSet = key.columns.map(({ from }) => `c.${quoteName(from)} IS NOT NULL`).join(' AND ')
  const isSame = key.columns.map(({ from, to }) => `p.${quoteName(to)} = c.${quoteName(from)}`).join(' AND ')
  try {
    const [row = {}] = await connection.query(
      `SELECT COUNT(*) AS orphans FROM ${quoteQualified(schema, table.name)} c
       WHERE ${isSet} AND NOT EXISTS (SELECT 1 FROM ${quoteQualified(key.schema, key.table)} p WHERE ${isSame})`,
      { signal },
    )
    return numberOf(row, 'orphans')
  } catch (error) {
    if (parentErrors.has(serverErrno(error) ?? 0)) return 'no parent'
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return 'unreadable'
    throw error
  }
}

const parentErrors = new Set([
  1049, // ER_BAD_DB_ERROR
  1054, // ER_BAD_FIELD_ERROR
  1146, // ER_NO_SUCH_TABLE
])
