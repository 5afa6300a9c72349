// How rows that another program dumped are read back from a server, so that they have the text that the dump had.
import { quoteName } from '../instance/sql-text.ts'
import type { ColumnContent } from './content.ts'

/** As dump programs select a column: FLOAT with the digits that it prints, text in the character set of the dump. */
export function importedExpression({ name, encoding }: ColumnContent): string {
  const quoted = quoteName(name)
  if (encoding === 'number') return `CAST(${quoted} AS UNSIGNED)`
  if (encoding === 'utf8') return `CONVERT(${quoted} USING utf8mb4)`
  return encoding === 'text' ? `CONVERT(${quoted} USING latin1)` : quoted
}
