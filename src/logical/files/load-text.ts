// The statements that load files of rows, each followed by a check that stops a plain client where the server took other than all.
import { quoteText } from '../../instance/sql-text.ts'
import type { TableContent } from '../content.ts'
import { loadStatement } from '../load-statement.ts'
import { plainStatement } from '../script/client-text.ts'
import { withoutStrictMode } from '../script/enum-errors.ts'
import type { RowFile } from './table-files.ts'

/** `hasEnumErrors`: the file has rows that strict mode refuses. */
export function* loadText(
  schema: string,
  table: TableContent,
  { path, batch }: RowFile,
  hasEnumErrors: boolean,
): Generator<Buffer> {
  const [before, after] = withoutStrictMode
  if (hasEnumErrors) yield before
  // The statement names its file before anything that others chose.
  yield plainStatement(loadStatement(schema, table).replace("'rows'", () => quoteText(path)))
  // A row that replaces another counts twice (the very same row once). What is no statement stops the client, with our sentence in the server's message.
  yield plainStatement('SET @holdfast_rows = ROW_COUNT()')
  yield plainStatement(
    `SET @holdfast_check = IF(@holdfast_rows = ${batch.rows}, 'DO 0', CONCAT(${quoteText(`${path} took `)}, @holdfast_rows, ' rows of ${batch.rows}'))`,
  )
  yield plainStatement('PREPARE holdfast_check FROM @holdfast_check')
  if (hasEnumErrors) yield after
}
