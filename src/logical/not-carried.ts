// Turns what a dump does not carry into warnings that name it.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'

// ER_NO_SUCH_TABLE, ER_UNKNOWN_TABLE: this release does not have such things.
const unknownTable = new Set([1146, 1109])

/** One warning for each name that `query` answers in its first column. */
export async function namesOf(
  connection: Connection,
  what: string,
  query: string,
): Promise<readonly string[]> {
  try {
    const rows = await connection.query(query)
    return rows.map((row) => `${what} ${String(Object.values(row)[0])} is not part of the backup`)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    if (unknownTable.has(Number(error.details['errno']))) return []
    if (error.code !== 'PRIVILEGE_MISSING') throw error
    return [
      `whether there is a ${what}, which would not be part of the backup, is not known: the account may not look`,
    ]
  }
}
