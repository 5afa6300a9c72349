// Rows that break a check of their table: MariaDB can have them, for its checks can be off; MySQL takes them only where a check is not enforced.
import { HoldfastError } from '../../core/errors.ts'
import { quoteName, quoteQualified } from '../../instance/sql-text.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { RelaxTarget } from '../load-rows.ts'

const violated = 3819 // ER_CHECK_CONSTRAINT_VIOLATED of MySQL

/** Takes the enforcement from the check that refused rows. */
export const relaxChecks: RelaxTarget = ({ schema, table }, error) => {
  const name =
    serverErrno(error) === violated && error instanceof HoldfastError ? nameIn(error.message) : undefined
  if (name === undefined) return undefined
  return {
    statement: `ALTER TABLE ${quoteQualified(schema, table.name)} ALTER CHECK ${quoteName(name)} NOT ENFORCED`,
    change: {
      object: `table ${schema}.${table.name}`,
      what: `check ${name} is not enforced: rows of the backup break it`,
      severity: 'changed',
    },
  }
}

function nameIn(message: string): string | undefined {
  return /Check constraint '(.+)' is violated/s.exec(message)?.[1]
}
