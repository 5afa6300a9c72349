// Finds rows with the error value 0 of an ENUM: legal in a table, but in strict mode it cannot be written.
import { loadMode } from '../../instance/load-mode.ts'
import { quoteText } from '../../instance/sql-text.ts'
import type { TableContent } from '../content.ts'
import { plainStatement } from './client-text.ts'
import { cellsOf } from './row-literals.ts'

/** Answers whether a row needs a session without strict mode; undefined for a table that has no such rows. */
export function enumErrorFinder(table: TableContent): ((row: Buffer) => boolean) | undefined {
  // A `number` may also be that of a SET, where 0 is no error: strict mode or not is all the same then.
  const errors = table.columns.map(({ encoding }) =>
    encoding === 'enum' ? '' : encoding === 'number' ? '0' : undefined,
  )
  if (errors.every((error) => error === undefined)) return undefined
  return (row) => {
    let at = 0
    for (const cell of cellsOf(row)) {
      const error = errors[at++]
      if (error !== undefined && cell.length === error.length && cell.toString('latin1') === error)
        return true
    }
    return false
  }
}

const lenientMode = loadMode.replace('STRICT_ALL_TABLES,', '')

/** Put around statements with such rows. */
export const withoutStrictMode = [
  plainStatement(`SET SESSION sql_mode = ${quoteText(lenientMode)}`),
  plainStatement(`SET SESSION sql_mode = ${quoteText(loadMode)}`),
] as const
