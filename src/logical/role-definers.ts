// Code whose definer is a role (MariaDB): where there is no such role, the server takes its name for that of an account.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { AccountContent, SchemaContent } from './content.ts'
import { definerOf } from './definers.ts'
import { codeOf, codeOrder } from './definition-statements.ts'

/** The first object of each role that is a definer: 'view shop.totals'. */
export function roleDefiners(schemas: readonly SchemaContent[]): ReadonlyMap<string, string> {
  const roles = new Map<string, string>()
  for (const schema of schemas)
    for (const kind of codeOrder)
      for (const code of kind === 'views' ? schema.views : codeOf(schema, kind)) {
        const definer = definerOf(code)
        if (definer !== undefined && definer.host === undefined && !roles.has(definer.user))
          roles.set(definer.user, `${code.kind} ${schema.name}.${code.name}`)
      }
  return roles
}

export function withoutRole(object: string, role: string): string {
  return `${object} has the role ${role} as its definer: where there is no such role, MariaDB makes it ${role}@%`
}

/**
 * Before anything is changed. Answers a warning for each role that the source did not have either.
 * @param accounts those that are restored, too; undefined where none are
 * @throws HoldfastError TARGET_MISMATCH where the target lacks a role that the source may have had
 */
export async function refuseLostRoles(
  connection: Connection,
  schemas: readonly SchemaContent[],
  accounts: readonly AccountContent[] | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const roles = new Map(roleDefiners(schemas))
  for (const { user, isRole } of accounts ?? []) if (isRole) roles.delete(user)
  // MySQL's roles are accounts of any host.
  if (roles.size === 0 || connection.flavour !== 'mariadb') return []
  const there = await rolesOn(connection, signal)
  for (const role of there ?? []) roles.delete(role)
  const left = [...roles]
  if (there === undefined || accounts !== undefined)
    return left.map(([role, object]) => withoutRole(object, role))
  if (left.length === 0) return []
  const named = left.map(([role, object]) => `${role} (${object})`).join(', ')
  throw new HoldfastError(
    'TARGET_MISMATCH',
    `the target has no role ${named}, and would make the definer an account of that name`,
    { roles: left.map(([role]) => role).join(', ') },
    {
      hint: `On the target: ${left.map(([role]) => `CREATE ROLE ${quoteName(role)};`).join(' ')} or give all code another definer with --definer. Nothing was changed.`,
    },
  )
}

/** Undefined where the account may not look. */
async function rolesOn(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  try {
    const rows = await connection.query("SELECT User AS role FROM mysql.user WHERE is_role = 'Y'", { signal })
    return rows.map((row) => textOf(row, 'role'))
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING')) throw error
    return undefined
  }
}
