// MySQL's accounts as statements for a script.
import type { AccountContent } from '../content.ts'
import type { AccountScript } from '../dialect.ts'

export function accountScript(accounts: readonly AccountContent[]): AccountScript {
  return {
    create: accounts
      .flatMap(({ create }) => create)
      .map((sql) => sql.replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS ')),
    grant: [...accounts.flatMap(({ grants }) => grants), ...accounts.flatMap(({ after }) => after)],
  }
}
