// Spatial reference systems that columns are bound to (MySQL): a table cannot be made where one is not known.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { SchemaContent } from './content.ts'

const boundTo = /\/\*!80003 SRID (\d+) \*\//g

/** One table of each: `shop.places`. */
export function referencesIn(schemas: readonly SchemaContent[]): Map<string, string> {
  const users = new Map<string, string>()
  for (const { name, tables } of schemas)
    for (const table of tables)
      for (const [, srid = ''] of table.ddl.matchAll(boundTo)) users.set(srid, `${name}.${table.name}`)
  return users
}

/**
 * Before anything is changed. Those that people make are not part of a backup.
 * @throws HoldfastError TARGET_MISMATCH
 */
export async function refuseUnknownReferences(
  connection: Connection,
  schemas: readonly SchemaContent[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const users = referencesIn(schemas)
  // MariaDB binds columns without looking.
  if (users.size === 0 || connection.flavour !== 'mysql') return
  const known = await connection.query(
    `SELECT SRS_ID AS srid FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS WHERE SRS_ID IN (${[...users.keys()].join(', ')})`,
    { signal },
  )
  for (const row of known) users.delete(textOf(row, 'srid'))
  if (users.size === 0) return
  const named = [...users].map(([srid, table]) => `${srid} (${table})`)
  throw new HoldfastError(
    'TARGET_MISMATCH',
    `the target has no spatial reference system ${named.join(', ')}`,
    { srids: [...users.keys()].join(', ') },
    {
      hint: 'Make it there as on the source (CREATE SPATIAL REFERENCE SYSTEM), or leave its tables out with --exclude; nothing was changed.',
    },
  )
}
