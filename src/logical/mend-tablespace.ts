// Tables in a tablespace that several share (MySQL): made in one of their own where the target has no such tablespace.
import { serverErrno } from '../wire/server-error.ts'
import type { MendTable } from './create-definitions.ts'

const unknownTablespace = 3510 // ER_TABLESPACE_MISSING_WITH_NAME

/** Behind the columns of what SHOW CREATE TABLE prints, where no text of others can stand. */
const clause = /^\) \/\*!50100 TABLESPACE `((?:[^`]|``)+)`[^*]*\*\/ /m

export function mendTablespace(tell: (warning: string) => void): MendTable {
  return ({ schema, name, ddl }, error) => {
    const [, tablespace = ''] = clause.exec(ddl) ?? []
    if (serverErrno(error) !== unknownTablespace || tablespace === '') return undefined
    tell(
      `table ${schema}.${name} is in a file of its own: the target has no tablespace ${tablespace.replaceAll('``', '`')}, in which it was`,
    )
    return withoutTablespace(ddl)
  }
}

/** Where a table lies is nothing of what it holds. */
export function withoutTablespace(ddl: string): string {
  return ddl.replace(clause, ') ')
}
