// Puts back into a table's definition the characters beyond U+FFFF that the server shows as '?', also when it is asked for bytes.
import { quoteName, quoteQualified, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf, textOrNull } from '../wire/row-values.ts'
import type { ColumnFacts, LogicalDialect } from './dialect.ts'

export interface ShownTable {
  readonly schema: string
  readonly name: string
  readonly ddl: string
  readonly columns: readonly ColumnFacts[]
}

export interface WholeTable {
  readonly ddl: string
  /** Columns with a '?' that may stand for another character, and nobody tells. */
  readonly unclear: readonly string[]
}

/**
 * Members of ENUM and SET are shown in utf8mb3, and on MariaDB defaults too; the table has them as they are. Rows with such a member
 * would not be taken by a table that was made from what is shown.
 */
export async function withLostCharacters(
  connection: Connection,
  dialect: LogicalDialect,
  table: ShownTable,
): Promise<WholeTable> {
  if (!table.ddl.includes('?')) return { ddl: table.ddl, unclear: [] }
  const { schema, name, columns } = table
  const unclear: string[] = []
  let ddl = table.ddl
  const replace = (column: string, shown: string, exact: string | undefined) => {
    const line = lineOf(ddl, column)
    const parts = line?.split(shown) ?? []
    if (line === undefined || exact === undefined || parts.length !== 2) unclear.push(column)
    // As functions: neither is a pattern.
    else ddl = ddl.replace(line, () => parts.join(exact))
  }
  for (const [column, shown] of await shownDefaults(connection, schema, name)) {
    replace(column, ` DEFAULT ${shown}`, await exactDefault(connection, schema, name, column))
  }
  for (const column of columns.filter(({ type, fullType }) => isListed(type) && fullType.includes('?'))) {
    replace(column.name, column.fullType, await exactType(connection, dialect, schema, name, column))
  }
  return { ddl, unclear }
}

function isListed(type: string): boolean {
  return type === 'enum' || type === 'set'
}

/** A column's part of a definition; undefined where the text does not have it once. */
function lineOf(ddl: string, column: string): string | undefined {
  const start = `\n  ${quoteName(column)} `
  const at = ddl.indexOf(start)
  if (at < 0 || ddl.includes(start, at + 1)) return undefined
  // From behind the name, which may have line feeds; everything else escapes them.
  const end = ddl.indexOf('\n', at + start.length)
  return ddl.slice(at, end < 0 ? ddl.length : end)
}

/** Defaults that are written as text and show a '?': only on MariaDB, since MySQL shows hex. */
async function shownDefaults(
  connection: Connection,
  schema: string,
  table: string,
): Promise<readonly (readonly [column: string, shown: string])[]> {
  const rows = await connection.query(
    `SELECT COLUMN_NAME AS name, COLUMN_DEFAULT AS shown FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} AND CHARACTER_SET_NAME IS NOT NULL`,
  )
  return rows
    .map((row) => [textOf(row, 'name'), textOrNull(row, 'shown') ?? ''] as const)
    .filter(([, shown]) => /^'.*\?.*'$/s.test(shown))
}

/** DEFAULT() wants a row: one of the table, or where it has none, one that an outer join makes up (which is all NULL beside others). */
async function exactDefault(
  connection: Connection,
  schema: string,
  table: string,
  column: string,
): Promise<string | undefined> {
  const ask = `SELECT CONVERT(DEFAULT(t.${quoteName(column)}) USING utf8mb4) AS exact FROM`
  const name = quoteQualified(schema, table)
  const [row] = await connection.query(`${ask} ${name} t LIMIT 1`)
  const [made] =
    row === undefined
      ? await connection.query(`${ask} (SELECT 1 AS one) o LEFT JOIN ${name} t ON FALSE`)
      : [row]
  const exact = made === undefined ? null : textOrNull(made, 'exact')
  return exact === null ? undefined : ` DEFAULT ${quoteText(exact)}`
}

async function exactType(
  connection: Connection,
  dialect: LogicalDialect,
  schema: string,
  table: string,
  column: ColumnFacts,
): Promise<string | undefined> {
  const members = [...column.fullType.matchAll(/'(?:[^']|'')*'/g)].map(([shown]) => shown)
  // ENUM counts its members, SET has a bit for each.
  const values = members.map((_, at) => (column.type === 'enum' ? BigInt(at + 1) : 1n << BigInt(at)))
  const wanted = values.filter((_, at) => members[at]?.includes('?'))
  const exact = await dialect.readMembers(connection, { schema, table, column: column.name }, wanted)
  if (exact === undefined) return undefined
  const texts = members.map((shown, at) => {
    const found = exact[wanted.indexOf(values[at] ?? 0n)]
    return found === undefined ? shown : quoteText(found)
  })
  return `${column.type}(${texts.join(',')})`
}
