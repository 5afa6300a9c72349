// MariaDB's accounts as statements for a script.
import { quoteText } from '../../instance/sql-text.ts'
import type { AccountContent } from '../content.ts'
import type { AccountScript } from '../dialect.ts'
import { leaveRoles } from './accounts.ts'
import { unless } from './conditional-statement.ts'
import { withoutPassword } from './grant-text.ts'

export function accountScript(accounts: readonly AccountContent[]): AccountScript {
  return {
    create: accounts
      .flatMap(({ create }) => create)
      .map((sql) => sql.replace(/^CREATE (USER|ROLE) /, 'CREATE $1 IF NOT EXISTS ')),
    grant: [
      ...accounts.flatMap((account) => account.grants.flatMap((grant) => grantStatements(account, grant))),
      ...accounts.flatMap(({ after }) => after),
      ...leaveRoles(accounts, accounts),
    ],
    warnings: [],
  }
}

/** SHOW GRANTS quotes names of proxies by apostrophes; MariaDB 11.8.9 does it by backticks. */
const proxyForAll = /^GRANT PROXY ON (?:''@'%'|``@`%`) /

function grantStatements({ user, host }: AccountContent, grant: string): readonly string[] {
  if (!proxyForAll.test(grant)) return [withoutPassword(grant)]
  // Installed servers have it for root, in a row that this grant would not find: then it would be there twice.
  const isThere = `User = ${quoteText(user)} AND Host = ${quoteText(host)} AND Proxied_user = ''`
  return unless(`EXISTS (SELECT 1 FROM mysql.proxies_priv WHERE ${isThere})`, grant)
}
