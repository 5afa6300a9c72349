// MySQL's accounts as statements for a script.
import type { AccountContent } from '../content.ts'
import type { AccountScript } from '../dialect.ts'

export function accountScript(accounts: readonly AccountContent[]): AccountScript {
  const revokes = accounts.some(({ grants }) => grants.some((grant) => grant.startsWith('REVOKE ')))
  return {
    create: [
      // Else REVOKE would be refused behind a GRANT that gives too much. A server with such accounts has it on when it starts, whatever its settings.
      ...(revokes ? ['SET GLOBAL partial_revokes = ON'] : []),
      ...accounts
        .flatMap(({ create }) => create)
        .map((sql) => sql.replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS ')),
    ],
    grant: [...accounts.flatMap(({ grants }) => grants), ...accounts.flatMap(({ after }) => after)],
    warnings: revokes
      ? ['accounts may do less in some schemas than everywhere: partial_revokes is turned on, and stays on']
      : [],
  }
}
