// Whether everything that is to be left out of a backup is there: a name that was misspelt would be in it.
import { HoldfastError } from '../../core/errors.ts'
import { isSchema } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import { exclusionOf, type Selection, selectsSchema, withoutExclusion } from '../selection.ts'

/** @throws HoldfastError USAGE */
export async function checkExclusion(
  connection: Connection,
  selection: Selection,
  schemas: readonly string[],
): Promise<void> {
  const exclude = exclusionOf(selection)
  if (exclude === undefined) return
  const chosen = schemas.filter((schema) => selectsSchema(withoutExclusion(selection), schema))
  const absent = exclude.schemas.filter((schema) => !chosen.includes(schema)).map((name) => `schema ${name}`)
  for (const [schema, tables] of Map.groupBy(exclude.tables, (table) => table.schema)) {
    const there = chosen.includes(schema) ? await relationsOf(connection, schema) : new Set()
    absent.push(...tables.filter(({ name }) => !there.has(name)).map(({ name }) => `table ${schema}.${name}`))
  }
  if (absent.length > 0) {
    throw new HoldfastError(
      'USAGE',
      `--exclude names what is not among the chosen: ${absent.join(', ')}`,
      { absent: absent.join(', ') },
      { hint: 'Check the spelling (upper and lower case may count), and that the account has SELECT on it.' },
    )
  }
  if (chosen.some((schema) => selectsSchema(selection, schema))) return
  throw new HoldfastError(
    'USAGE',
    '--exclude leaves nothing to back up',
    {},
    { hint: 'Name less with --exclude.' },
  )
}

async function relationsOf(connection: Connection, schema: string): Promise<ReadonlySet<string>> {
  const rows = await connection.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${isSchema('TABLE_SCHEMA', schema)}`,
  )
  return new Set(rows.map((row) => textOf(row, 'name')))
}
