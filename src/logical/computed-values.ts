// Stored generated columns whose values may depend on the sql_mode of whoever wrote the row: they are computed anew where they are loaded.
import { quoteName } from '../instance/sql-text.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import { textOf } from '../wire/row-values.ts'
import type { SqlSession } from '../wire/sql-session.ts'
import type { TableContent } from './content.ts'
import type { ColumnFacts } from './dialect.ts'

/** Values that a backup does not hold, as a number that tells whether others are the same. */
export type ComputedValues = NonNullable<TableContent['computed']>

// PAD_CHAR_TO_FULL_LENGTH says what a CHAR is, TIME_TRUNCATE_FRACTIONAL (TIME_ROUND_FRACTIONAL) how times lose digits, NO_ZERO_DATE and
// NO_ZERO_IN_DATE which dates there are, NO_UNSIGNED_SUBTRACTION what a difference is, and NO_BACKSLASH_ESCAPES how LIKE reads its pattern.
const modalTypes = new Set(['char', 'date', 'datetime', 'time', 'timestamp'])
const modalWords = / - |\blike\b|\bstr_to_date\b|\bas (?:char|date|time|datetime)\b/i

/** What is no text to the server. */
const isOpaque = /^(?:geometry|point|linestring|polygon|multi\w+|geom(?:etry)?collection|vector)$/

/** Declared columns of system versioning are called generated, and yet are rows' own; the end of time is another in MariaDB 11.5. */
const isOfHistory = /^ROW (?:START|END)$/

/** Names of those whose expression or types leave that open; most leave it not. */
export function modalColumns(columns: readonly ColumnFacts[]): readonly string[] {
  const modal = columns.filter(({ type }) => modalTypes.has(type))
  return columns
    .filter(({ type, extra }) => /\b(?:STORED GENERATED|PERSISTENT)\b/.test(extra) && !isOpaque.test(type))
    .filter(({ generation }) => !isOfHistory.test(generation))
    .filter(
      ({ type, generation }) =>
        modalTypes.has(type) ||
        modalWords.test(generation) ||
        modal.some(({ name }) => generation.includes(quoteName(name))),
    )
    .map(({ name }) => name)
}

/**
 * Adds up 60 bits of a hash of each row, whatever their order; the server computes it, so that nothing is sent. MySQL 9.6 has no MD5 any more.
 * @param from what follows the columns in a SELECT of the rows
 */
export async function readComputed(
  session: SqlSession,
  columns: readonly string[],
  from: string,
  options: StatementOptions,
): Promise<ComputedValues> {
  const cells = columns.map((name) => `COALESCE(HEX(CONCAT(${quoteName(name)})), 'NULL')`)
  const hash = `CAST(CONV(LEFT(SHA2(CONCAT_WS(',', ${cells.join(', ')}), 256), 15), 16, 10) AS UNSIGNED)`
  const [row = {}] = await session.query(
    `SELECT CAST(COUNT(*) AS CHAR) AS found, CAST(COALESCE(SUM(${hash}), 0) AS CHAR) AS sum ${from}`,
    options,
  )
  return { columns: [...columns], digest: `${textOf(row, 'found')}:${textOf(row, 'sum')}` }
}

export function differingText(schema: string, table: string, { columns }: ComputedValues): string {
  return `table ${schema}.${table} has other values than the source in ${columns.join(', ')}: they are stored, and were computed anew when loaded; what they were depends on the sql_mode of whoever wrote the rows`
}
