// The columns that tell the rows of a table apart.
import { isSchema, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf, textOrNull } from '../../wire/row-values.ts'

/** Of the primary key, else of a unique key without NULL, prefixes and expressions; none where there is neither. */
export async function keyColumns(
  connection: Connection,
  schema: string,
  table: string,
): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT INDEX_NAME AS indexName, COLUMN_NAME AS columnName, COALESCE(NULLABLE, '') AS nullable,
       COALESCE(SUB_PART, 0) AS prefix
     FROM information_schema.STATISTICS
     WHERE ${isSchema('TABLE_SCHEMA', schema)} AND TABLE_NAME = ${quoteText(table)} AND NON_UNIQUE = 0
     ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
  )
  const keys = Map.groupBy(rows, (row) => textOf(row, 'indexName'))
  for (const parts of keys.values()) {
    const isKey = parts.every(
      (part) =>
        textOrNull(part, 'columnName') !== null &&
        textOf(part, 'nullable') !== 'YES' &&
        numberOf(part, 'prefix') === 0,
    )
    if (isKey) return parts.map((part) => textOf(part, 'columnName'))
  }
  return []
}
