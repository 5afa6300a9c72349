// Schemas that are READ ONLY (MySQL), in which nothing can be made: the last thing that a restore does to them.
import { quoteName } from '../instance/sql-text.ts'

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
