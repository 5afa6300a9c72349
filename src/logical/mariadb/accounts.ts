// MariaDB's accounts and roles, with password hashes and grants.
import { quoteAccount, quoteName, quoteTexts } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { AccountContent } from '../content.ts'
import { unless } from './conditional-statement.ts'

/** Every MariaDB brings it along. */
const ownAccount = 'mariadb.sys'
/** Not an account: what everybody has (10.11). */
const everybody = 'PUBLIC'

/** Users first: a role may be administered by one. */
export async function readAccounts(connection: Connection): Promise<readonly AccountContent[]> {
  const rows = await connection.query(
    'SELECT User AS user, Host AS host, is_role AS isRole FROM mysql.user ORDER BY is_role, 1, 2',
  )
  const accounts: AccountContent[] = []
  for (const row of rows) {
    const user = textOf(row, 'user')
    const host = textOf(row, 'host')
    if (user === ownAccount) continue
    accounts.push(
      textOf(row, 'isRole') === 'Y'
        ? await readRole(connection, user)
        : await readUser(connection, user, host),
    )
  }
  return accounts
}

async function readUser(connection: Connection, user: string, host: string): Promise<AccountContent> {
  const quoted = quoteAccount({ user, host })
  const [row = {}] = await connection.query(`SHOW CREATE USER ${quoted}`)
  const grants = await showGrants(connection, quoted)
  return {
    user,
    host,
    isRole: false,
    create: [String(Object.values(row)[0])],
    grants: grants.filter((line) => !line.startsWith('SET DEFAULT ROLE ')),
    after: grants.filter((line) => line.startsWith('SET DEFAULT ROLE ')),
  }
}

async function readRole(connection: Connection, role: string): Promise<AccountContent> {
  const quoted = quoteName(role)
  const isEverybody = role.toUpperCase() === everybody
  const lines = await showGrants(connection, isEverybody ? everybody : quoted)
  // Grants of the roles it has are shown along with its own.
  const own = lines.filter(
    (line) => isEverybody || line.replace(/ WITH (?:ADMIN|GRANT) OPTION$/, '').endsWith(` TO ${quoted}`),
  )
  return {
    user: role,
    host: '',
    isRole: true,
    create: isEverybody ? [] : [`CREATE ROLE ${quoted}`],
    grants: own,
    after: [],
  }
}

/** See leaveRoles. */
export async function giveUpRoles(
  connection: Connection,
  created: readonly AccountContent[],
  all: readonly AccountContent[],
): Promise<void> {
  // An earlier run of the same load may have given up some.
  const rows = await connection.query(
    'SELECT ROLE_NAME AS role FROM information_schema.APPLICABLE_ROLES WHERE GRANTEE = CURRENT_USER()',
  )
  const held = new Set(rows.map((row) => textOf(row, 'role')))
  const left = created.filter(({ user }) => held.has(user))
  for (const statement of leaveRoles(left, all)) await connection.run(statement)
}

/**
 * Whoever creates a role becomes its administrator, and only an administrator can grant it: so that is us until all grants are made. If
 * our account was no member of the role in the source, it leaves it now.
 */
export function leaveRoles(
  created: readonly AccountContent[],
  all: readonly AccountContent[],
): readonly string[] {
  return created
    .filter(({ isRole, create }) => isRole && create.length > 0)
    .flatMap((role) => {
      const name = quoteName(role.user)
      const members = all.filter(
        ({ isRole, grants }) => !isRole && grants.some((line) => line.startsWith(`GRANT ${name} TO `)),
      )
      // '' for a list that may be empty: no account is called that.
      const ours = quoteTexts(['', ...members.map(({ user, host }) => `${user}@${host}`)])
      return unless(`CURRENT_USER() IN (${ours})`, `REVOKE ${name} FROM CURRENT_USER`)
    })
}

async function showGrants(connection: Connection, quoted: string): Promise<string[]> {
  const rows = await connection.query(`SHOW GRANTS FOR ${quoted}`)
  return rows.map((row) => String(Object.values(row)[0]))
}
