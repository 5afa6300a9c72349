// XA transactions that were prepared when the snapshot began: a snapshot does not see their rows.
import { isHoldfastError } from '../core/errors.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

/** ER_XAER_RMERR: MySQL's answer to an account without XA_RECOVER_ADMIN. */
const mayNotLook = 1401

/** One warning for each; none where the account may not look. */
export async function preparedTransactions(
  control: Connection,
  options: StatementOptions,
): Promise<readonly string[]> {
  try {
    const rows = await control.query('XA RECOVER', options)
    return rows.map(
      (row) =>
        `prepared transaction ${textOf(row, 'data')} is not part of the backup; its COMMIT in the binary log cannot be replayed`,
    )
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING') || serverErrno(error) === mayNotLook) return []
    throw error
  }
}
