// What a server holds and a dump does not carry, by name.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'

export interface NotCarried {
  /** What somebody put there and would miss: warnings. */
  readonly warnings: readonly string[]
  /** What the server is set up with, and a new one has to be, by kind and name: every backup has that, and it is nothing to be warned of. */
  readonly setup: readonly string[]
}

// ER_NO_SUCH_TABLE, ER_UNKNOWN_TABLE: this release does not have such things.
const unknownTable = new Set([1146, 1109])

/** One warning for each name that `query` answers in its first column. */
export async function namesOf(
  connection: Connection,
  what: string,
  query: string,
): Promise<readonly string[]> {
  const found = await lookUp(connection, query)
  if (found !== 'unseen') return found.map((name) => `${what} ${name} is not part of the backup`)
  return [
    `whether there is a ${what}, which would not be part of the backup, is not known: the account may not look`,
  ]
}

/** `plugin rpl_semi_sync_source`; nothing where the account may not look. */
export async function setupOf(
  connection: Connection,
  what: string,
  query: string,
): Promise<readonly string[]> {
  const found = await lookUp(connection, query)
  return found === 'unseen' ? [] : found.map((name) => `${what} ${name}`)
}

async function lookUp(connection: Connection, query: string): Promise<readonly string[] | 'unseen'> {
  try {
    const rows = await connection.query(query)
    return rows.map((row) => String(Object.values(row)[0]))
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    if (unknownTable.has(Number(error.details['errno']))) return []
    if (error.code !== 'PRIVILEGE_MISSING') throw error
    return 'unseen'
  }
}
