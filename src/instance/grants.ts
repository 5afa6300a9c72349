// What the current account may do on the whole server, read from SHOW GRANTS.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { InstanceDialect } from './dialect.ts'

export const allPrivileges = 'ALL PRIVILEGES'

/** SHOW GRANTS of the current account with its active roles. Password hashes are cut out. */
export async function currentGrants(
  connection: Connection,
  dialect: InstanceDialect,
  options: StatementOptions = {},
): Promise<string[]> {
  const rows = await connection.query(await dialect.showGrants(connection), options)
  return rows.map((row) => {
    const [line = ''] = Object.values(row)
    return withoutSecrets(String(line))
  })
}

/** MariaDB shows password hash and limits in the first line, before WITH GRANT OPTION. */
function withoutSecrets(line: string): string {
  const [, head, tail] = /^(.*?) (?:IDENTIFIED (?:BY|VIA|WITH)|REQUIRE) (.*)$/s.exec(line) ?? []
  if (head === undefined || tail === undefined) return line
  return /\bGRANT OPTION\b/.test(tail) ? `${head} WITH GRANT OPTION` : head
}

/** True when the grants give `privilege` on *.*; partial revokes are not looked at. */
export function hasGlobalPrivilege(grants: readonly string[], privilege: string): boolean {
  return globalPrivileges(grants).some((given) => given === privilege || given === allPrivileges)
}

/** Privileges on *.*, in capitals. */
export function globalPrivileges(grants: readonly string[]): string[] {
  return grants.flatMap((line) => {
    const [, list, tail] = /^GRANT (.+?) ON \*\.\* TO (.*)$/s.exec(line) ?? []
    if (list === undefined) return []
    const given = list.split(',').map((privilege) => privilege.trim().toUpperCase())
    return tail?.includes('WITH GRANT OPTION') ? [...given, 'GRANT OPTION'] : given
  })
}

/** True when the grants give `privilege` on all of a schema, by *.* or by a pattern that the schema matches. */
export function hasSchemaPrivilege(grants: readonly string[], privilege: string, schema: string): boolean {
  if (hasGlobalPrivilege(grants, privilege)) return true
  return grants.some((line) => {
    const [, list = '', pattern = ''] = /^GRANT (.+?) ON `((?:[^`]|``)+)`\.\* TO /s.exec(line) ?? []
    const given = list.split(',').map((part) => part.trim().toUpperCase())
    return (
      (given.includes(privilege) || given.includes(allPrivileges)) &&
      matchesPattern(schema, pattern.replaceAll('``', '`'))
    )
  })
}

/** A schema in a grant is a LIKE pattern: _ and % stand for something unless a backslash precedes them. */
function matchesPattern(schema: string, pattern: string): boolean {
  const source = [...pattern.matchAll(/\\([_%])|([_%])|([^])/gu)]
    .map(([, escaped, wild, plain]) =>
      wild === undefined ? RegExp.escape(escaped ?? plain ?? '') : wild === '%' ? '.*' : '.',
    )
    .join('')
  return new RegExp(`^${source}$`, 'su').test(schema)
}

/** The roles that are active in this session, or none. */
export async function activeRoles(connection: Connection): Promise<string | undefined> {
  const [row = {}] = await connection.query("SELECT COALESCE(CURRENT_ROLE(), 'NONE') AS roles")
  const roles = textOf(row, 'roles')
  return roles === 'NONE' ? undefined : roles
}
