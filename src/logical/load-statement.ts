// The LOAD DATA and INSERT statements that take our rows back exactly.
import { quoteName, quoteQualified } from '../instance/sql-text.ts'
import { autoIncrementColumn } from './auto-increment.ts'
import type { ColumnContent, TableContent } from './content.ts'

/**
 * REPLACE, because LOCAL alone means IGNORE: then the server drops rows that are duplicates and turns strict errors into warnings. With
 * REPLACE strict mode holds, and nothing is ever replaced since the table was empty: `Deleted` is checked to be 0.
 */
export function loadStatement(schema: string, table: TableContent): string {
  // MariaDB forgets at the first assignment that AUTO_INCREMENT was given a value (fill_record), and counts where that is 0.
  const counter = table.columns.every(isBare) ? undefined : autoIncrementColumn(table.ddl)
  const isDirect = (column: ColumnContent) => isBare(column) && column.name !== counter
  const targets = table.columns.map((column, at) => (isDirect(column) ? quoteName(column.name) : `@c${at}`))
  const assignments = table.columns.flatMap((column, at) =>
    isDirect(column) ? [] : [`${quoteName(column.name)} = ${decode(column, `@c${at}`)}`],
  )
  const set = assignments.length === 0 ? '' : ` SET ${assignments.join(', ')}`
  return (
    `LOAD DATA LOCAL INFILE 'rows' REPLACE INTO TABLE ${quoteQualified(schema, table.name)} CHARACTER SET binary ` +
    `FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (${targets.join(', ')})${set}`
  )
}

/** What stands before the rows of an INSERT. */
export function insertHead(schema: string, table: TableContent): string {
  const names = table.columns.map((column) => quoteName(column.name))
  return `INSERT INTO ${quoteQualified(schema, table.name)} (${names.join(', ')}) VALUES `
}

/** The expression that makes a column's value of the bytes in a row. */
export function decode(column: ColumnContent, bytes: string): string {
  return decoders[column.encoding](bytes)
}

const decoders: Readonly<Record<ColumnContent['encoding'], (bytes: string) => string>> = {
  plain: (bytes) => bytes,
  enum: (bytes) => bytes,
  json: (bytes) => `CONVERT(${bytes} USING utf8mb4)`,
  utf8: (bytes) => `CONVERT(${bytes} USING utf8mb4)`,
  text: (bytes) => `CONVERT(${bytes} USING latin1)`,
  number: (bytes) => `CAST(${bytes} AS UNSIGNED)`,
}

function isBare(column: ColumnContent): boolean {
  return column.encoding === 'plain' || column.encoding === 'enum'
}
