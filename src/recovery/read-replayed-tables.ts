// Whether some tables of a server can be replayed without all others, as their foreign keys allow it.
import { HoldfastError } from '../core/errors.ts'
import { formatTableName } from '../core/name-list.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { readServerVariables } from '../instance/server-variables.ts'
import { isSchema, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { ReplayedTables } from './transactions-of-tables.ts'

/** Throws UNSUPPORTED for foreign keys that change rows: not every server logs what these do. */
export async function readReplayedTables(
  connection: Connection,
  tables: readonly TableName[],
  signal: AbortSignal | undefined,
): Promise<ReplayedTables> {
  const named: string[] = []
  for (const { schema, name } of tables) {
    const keys = await connection.query(
      `SELECT REFERENCED_TABLE_NAME AS parent, DELETE_RULE AS onDelete, UPDATE_RULE AS onUpdate FROM information_schema.REFERENTIAL_CONSTRAINTS
       WHERE ${isSchema('CONSTRAINT_SCHEMA', schema)} AND TABLE_NAME = ${quoteText(name)}`,
      { signal },
    )
    for (const key of keys) {
      const isActing = [textOf(key, 'onDelete'), textOf(key, 'onUpdate')].some(
        (rule) => !['RESTRICT', 'NO ACTION'].includes(rule),
      )
      if (isActing) throw acting({ schema, name })
      named.push(textOf(key, 'parent'))
    }
  }
  const variables = await readServerVariables(connection, { signal })
  return { tables, named, isFolded: variables.number('lower_case_table_names') > 0 }
}

function acting(table: TableName): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `a foreign key of ${formatTableName(table)} changes its rows when those of another table change`,
  )
}
