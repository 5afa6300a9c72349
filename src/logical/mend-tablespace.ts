// Tables in a tablespace that several share (MySQL): made in one of their own where the target has no such tablespace.
import { serverErrno } from '../wire/server-error.ts'
import type { MendTable } from './create-definitions.ts'

const unknownTablespace = 3510 // ER_TABLESPACE_MISSING_WITH_NAME

/** Behind the columns of what SHOW CREATE TABLE prints, where no text of others can stand. */
const clause = /^\) \/\*!50100 TABLESPACE `((?:[^`]|``)+)`[^*]*\*\/ /m

export const mendTablespace: MendTable = ({ schema, name, ddl }, error) => {
  const tablespace = tablespaceOf(ddl)
  if (serverErrno(error) !== unknownTablespace || tablespace === undefined) return undefined
  const object = `table ${schema}.${name}`
  const what = `${object} is in a file of its own: the target has no tablespace ${tablespace}, in which it was`
  return { ddl: withoutTablespace(ddl), changes: [{ object, what, severity: 'changed' }] }
}

/** Undefined for a table that names none. */
export function tablespaceOf(ddl: string): string | undefined {
  return clause.exec(ddl)?.[1]?.replaceAll('``', '`')
}

/** Where a table lies is nothing of what it holds. */
export function withoutTablespace(ddl: string): string {
  return ddl.replace(clause, ') ')
}
