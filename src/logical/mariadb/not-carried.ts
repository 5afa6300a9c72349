// What lies outside of schemas and accounts and is not part of a dump.
import type { Connection } from '../../wire/connection.ts'

export async function readNotCarried(_connection: Connection): Promise<readonly string[]> {
  return []
}
