// Schemas that are READ ONLY (MySQL), in which nothing can be made: the last thing that a restore does to them.
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { SchemaContent } from './content.ts'

/** SHOW CREATE DATABASE tells it in a comment, which does nothing where it is run. */
const comment = / ?\/\* READ ONLY = 1 \*\/$/

export function isReadOnly({ ddl }: { readonly ddl: string }): boolean {
  return comment.test(ddl)
}

/** Whether it may be written is nothing of what it holds. */
export function withoutReadOnly(ddl: string): string {
  return ddl.replace(comment, '')
}

export function withReadOnly(ddl: string): string {
  return `${ddl} /* READ ONLY = 1 */`
}

export function setReadOnly(schema: string, isOn: boolean): string {
  return `ALTER DATABASE ${quoteName(schema)} READ ONLY = ${Number(isOn)}`
}

/** What a restore says of a schema in which a replay may write. */
export function leftOpen({ name }: Pick<SchemaContent, 'name'>): string {
  return `schema ${name} was READ ONLY in the backup, and is not, for what is replayed may write to it: ${setReadOnly(name, true)}`
}

/** Those that an earlier restore of the base has closed are opened for a replay. Answers what to say of them. It has a GTID like any change, so the log must not see it. */
export async function openForReplay(
  connection: Connection,
  schemas: readonly SchemaContent[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const closed = schemas.filter(isReadOnly)
  if (closed.length === 0) return []
  await connection.run('SET SESSION sql_log_bin = 0', { signal })
  for (const { name } of closed) await connection.run(setReadOnly(name, false), { signal })
  await connection.run('SET SESSION sql_log_bin = 1', { signal })
  return closed.map(leftOpen)
}
