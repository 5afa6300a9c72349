// Accounts and roles, with password hashes and grants.
import type { Connection } from '../../wire/connection.ts'
import type { AccountContent } from '../content.ts'

export async function readAccounts(_connection: Connection): Promise<readonly AccountContent[]> {
  return []
}
