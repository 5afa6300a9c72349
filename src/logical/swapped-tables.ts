// Tables that hold the rows of others now, by RENAME or by EXCHANGE PARTITION: no definition and no time of creation tells of the latter.
import { isHoldfastError } from '../core/errors.ts'
import { lockWaitTimeout } from '../instance/lock-wait.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { SchemaDefinition } from './definitions.ts'
import type { LogicalDialect } from './dialect.ts'

/** What InnoDB calls the rows of tables and partitions, by tableKey; they keep their number when they get another name. */
type RowIds = ReadonlyMap<string, readonly string[]>

/** Why they are not known. */
type Unseen = 'the account lacks PROCESS, or what locks definitions' | 'DDL of others waited for a table'

/**
 * Needs PROCESS. MySQL opens every table for this, and does not get at one that DDL waits for: that may wait for our own snapshot, so
 * no longer than a second.
 */
export async function readRowIds(
  connection: Connection,
  { innodbTables }: LogicalDialect,
  signal?: AbortSignal,
): Promise<RowIds | Unseen> {
  await connection.run(
    'SET @holdfast_lock_wait = @@SESSION.lock_wait_timeout, SESSION lock_wait_timeout = 1',
    { signal },
  )
  try {
    const rows = await connection.query(
      `SELECT NAME AS name, TABLE_ID AS id FROM information_schema.${innodbTables} ORDER BY NAME`,
      { signal },
    )
    const ids = new Map<string, string[]>()
    for (const row of rows) {
      const name = textOf(row, 'name')
      const key = storedKey(name)
      const known = ids.get(key)
      const id = `${name} ${textOf(row, 'id')}`
      if (known === undefined) ids.set(key, [id])
      else known.push(id)
    }
    return ids
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) {
      return 'the account lacks PROCESS, or what locks definitions'
    }
    if (serverErrno(error) === lockWaitTimeout) return 'DDL of others waited for a table'
    throw error
  } finally {
    await connection.run('SET SESSION lock_wait_timeout = @holdfast_lock_wait', { signal })
  }
}

/** Tables that were swapped since `before` was read, and a warning where that cannot be told. */
export async function swapsSince(
  connection: Connection,
  dialect: LogicalDialect,
  before: RowIds | Unseen,
  schemas: readonly SchemaDefinition[],
  signal?: AbortSignal,
): Promise<{ readonly swapped: readonly string[]; readonly warnings: readonly string[] }> {
  if (typeof before === 'string') return { swapped: [], warnings: unseenSwaps(schemas, before) }
  const now = await readRowIds(connection, dialect, signal)
  if (typeof now === 'string') return { swapped: [], warnings: unseenSwaps(schemas, now) }
  return { swapped: swappedTables(before, now, schemas), warnings: [] }
}

/** Those with rows in the backup whose rows have another number than before. */
function swappedTables(
  before: RowIds,
  after: RowIds,
  schemas: readonly SchemaDefinition[],
): readonly string[] {
  return schemas.flatMap(({ name: schema, tables }) =>
    tables
      .filter(({ select, name }) => {
        const key = tableKey(schema, name)
        return select !== undefined && before.get(key)?.join() !== after.get(key)?.join()
      })
      .map(({ name }) => `table ${schema}.${name}`),
  )
}

/** Other swaps show in the time of creation. */
function unseenSwaps(schemas: readonly SchemaDefinition[], why: Unseen): readonly string[] {
  const partitioned = schemas.flatMap(({ name, tables }) =>
    tables
      .filter(({ ddl, select }) => select !== undefined && /^\s*(?:\/\*!\d+ )?PARTITION BY /m.test(ddl))
      .map((table) => `${name}.${table.name}`),
  )
  if (partitioned.length === 0) return []
  return [
    `had a partition been exchanged for a table while the backup was taken, that would not be seen: ${why} (${partitioned.slice(0, 5).join(', ')}${partitioned.length > 5 ? ', …' : ''})`,
  ]
}

/**
 * InnoDB has names as files have them: a character that is no letter, digit or _ is @ and its four hex digits, or two characters for many
 * letters that are not ASCII ("Mapping of Identifiers to File Names" in MySQL's manual). All of these count as one here: two tables taken
 * for one may cost a backup that DDL came into, never miss one.
 */
function tableKey(schema: string, name: string): string {
  return [schema, name].map((part) => part.replaceAll(/\W/gu, '@').toLowerCase()).join('/')
}

/** Behind the table's name there may be `#p#` and a partition. */
function storedKey(name: string): string {
  return name
    .replace(/#.*/s, '')
    .replaceAll(/@(?:[\da-f]{4}|..)/g, '@')
    .toLowerCase()
}
