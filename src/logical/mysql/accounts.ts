// MySQL's accounts and roles (a role is an account), with password hashes and grants.
import { quoteAccount } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { AccountContent } from '../content.ts'

/** Every MySQL brings these along. */
const ownAccounts = new Set(['mysql.sys', 'mysql.session', 'mysql.infoschema'])

const name = '`(?:[^`]|``)*`'
const account = `${name}@${name}`
// What SHOW CREATE USER writes is: CREATE USER account IDENTIFIED … [DEFAULT ROLE account,…] REQUIRE …
const withDefaultRole = new RegExp(
  `^(CREATE USER ${account} IDENTIFIED (?:[^'\`]|'(?:[^'\\\\]|\\\\.|'')*')*?) DEFAULT ROLE (${account}(?:,${account})*) (REQUIRE .*)$`,
  's',
)

export async function readAccounts(connection: Connection): Promise<readonly AccountContent[]> {
  const rows = await connection.query(
    `SELECT u.User AS user, u.Host AS host,
       EXISTS (SELECT 1 FROM mysql.role_edges e WHERE e.FROM_USER = u.User AND e.FROM_HOST = u.Host) AS isRole
     FROM mysql.user u ORDER BY 1, 2`,
  )
  const accounts: AccountContent[] = []
  for (const row of rows) {
    const user = textOf(row, 'user')
    const host = textOf(row, 'host')
    if (ownAccounts.has(user)) continue
    accounts.push({
      user,
      host,
      isRole: textOf(row, 'isRole') === '1',
      ...(await definition(connection, user, host)),
    })
  }
  return accounts
}

async function definition(connection: Connection, user: string, host: string) {
  const quoted = quoteAccount({ user, host })
  const [row = {}] = await connection.query(`SHOW CREATE USER ${quoted}`)
  const statement = String(Object.values(row)[0])
  // The roles may not exist yet when the account is created.
  const [, head, roles, tail] = withDefaultRole.exec(statement) ?? []
  const grants = await connection.query(`SHOW GRANTS FOR ${quoted}`)
  return {
    create: [head === undefined ? statement : `${head} ${tail}`],
    grants: grants.map((grant) => String(Object.values(grant)[0])),
    after: roles === undefined ? [] : [`ALTER USER ${quoted} DEFAULT ROLE ${roles}`],
  }
}
