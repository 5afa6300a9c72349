// Rows that are legal in a table and that strict mode does not take all the same.
import { serverErrno } from '../wire/server-error.ts'
import type { TableContent } from './content.ts'

const truncated = 1265 // WARN_DATA_TRUNCATED
/** What an expression may say of its value where it was computed without strict mode. */
const expressionErrors = new Set([
  truncated,
  1264, // ER_WARN_DATA_OUT_OF_RANGE
  1292, // ER_TRUNCATED_WRONG_VALUE
  1365, // ER_DIVISION_BY_ZERO
  1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  1406, // ER_DATA_TOO_LONG
  1411, // ER_WRONG_VALUE_FOR_TYPE
  1690, // ER_DATA_OUT_OF_RANGE
  1916, // ER_BAD_DATA of MariaDB
  3751, // ER_DATA_TRUNCATED_FUNCTIONAL_INDEX of MySQL
  3752, // ER_VALUE_OUT_OF_RANGE_FUNCTIONAL_INDEX of MySQL
])

/** Whether it is worth to try without strict mode; what came in must then be read back. */
export function isLegalUnlessStrict({ columns, ddl }: TableContent, error: unknown): boolean {
  const errno = serverErrno(error) ?? 0
  // ENUM's error value 0, shown as '', cannot be written in strict mode.
  const hasEnum = columns.some(({ encoding }) => encoding === 'enum' || encoding === 'number')
  return (hasEnum && errno === truncated) || (isComputing.test(ddl) && expressionErrors.has(errno))
}

/** A generated column, or an index on an expression. A text with these words costs no more than an attempt. */
const isComputing = /GENERATED ALWAYS AS|^ *(?:UNIQUE )?KEY .*\(\(/m
