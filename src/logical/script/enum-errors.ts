// Finds rows with the error value 0 of an ENUM: legal in a table, but in strict mode it cannot be written.
import { loadMode } from '../../instance/load-mode.ts'
import { quoteText } from '../../instance/sql-text.ts'
import type { TableContent } from '../content.ts'
import { plainStatement } from './client-text.ts'

/** Answers whether a row needs a session without strict mode; undefined for a table that has no such rows. */
export function enumErrorFinder(table: TableContent): ((row: Buffer) => boolean) | undefined {
  // A `number` may also be that of a SET, where 0 is no error: strict mode or not is all the same then.
  const errors = table.columns.map(({ encoding }) =>
    encoding === 'enum' ? '' : encoding === 'number' ? '0' : undefined,
  )
  const last = errors.findLastIndex((error) => error !== undefined)
  if (last < 0) return undefined
  return (row) => {
    let start = 0
    for (let at = 0; at <= last; at++) {
      const found = row.indexOf(tab, start)
      const end = found < 0 ? row.length : found
      const error = errors[at]
      if (error?.length === end - start && (error === '' || row[start] === zero)) return true
      start = end + 1
    }
    return false
  }
}

const tab = 0x09
const zero = 0x30
const lenientMode = loadMode.replace('STRICT_ALL_TABLES,', '')

/** Put around statements with such rows. */
export const withoutStrictMode = [
  plainStatement(`SET SESSION sql_mode = ${quoteText(lenientMode)}`),
  plainStatement(`SET SESSION sql_mode = ${quoteText(loadMode)}`),
] as const
