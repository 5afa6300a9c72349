// Names of the target's collations and character sets by number, as the log holds them.
import type { Connection } from '../../wire/connection.ts'
import { serverErrno } from '../../wire/server-error.ts'

export interface Collation {
  readonly name: string
  readonly characterSet: string
}

export type Collations = ReadonlyMap<number, Collation>

/** ER_BAD_FIELD_ERROR */
const unknownColumn = 1054

export async function readCollations(connection: Connection, signal?: AbortSignal): Promise<Collations> {
  const collations = new Map<number, Collation>()
  const add = async (sql: string): Promise<void> => {
    for (const { id, name, charset } of await connection.query(sql, { signal })) {
      if (id !== null && charset !== null) {
        collations.set(Number(id), { name: String(name), characterSet: String(charset) })
      }
    }
  }
  await add(
    'SELECT ID AS id, COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS',
  )
  if (connection.flavour === 'mysql') return collations
  try {
    // Since 10.10 MariaDB lists collations that fit several character sets only here.
    await add(
      'SELECT ID AS id, FULL_COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset ' +
        'FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY',
    )
  } catch (error) {
    if (serverErrno(error) !== unknownColumn) throw error
  }
  return collations
}
