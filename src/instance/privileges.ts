// Which privileges a purpose needs, which of them the account lacks, and the exact GRANT that gives them.
import { dialectOf } from './dialects.ts'
import { allPrivileges, hasGlobalPrivilege } from './grants.ts'
import type { InstanceFacts } from './instance-facts.ts'
import { isLockOfTablesSpared } from './lock-free.ts'
import type { PrivilegeNeed, Purpose } from './privilege-need.ts'
import { quoteAccount } from './sql-text.ts'

export type { PrivilegeNeed, Purpose } from './privilege-need.ts'

export interface MissingPrivileges {
  readonly missing: readonly PrivilegeNeed[]
  /** One statement that gives all of them; absent when nothing is missing. */
  readonly grant?: string
}

/**
 * What the account of these facts lacks on *.* of what the purpose needs, and of `more`. An account may do with less (a backup of one schema needs SELECT only there), so
 * this is advice; what really stops the work is told by the server.
 */
export function missingPrivileges(
  facts: InstanceFacts,
  purpose: Purpose,
  more: readonly PrivilegeNeed[] = [],
): MissingPrivileges {
  const isSpared = purpose === 'backup' && isLockOfTablesSpared(facts)
  const needs = dialectOf(facts.flavour)
    .needs(purpose, facts.release)
    .map((need) => (need.privilege === 'LOCK TABLES' && isSpared ? { ...need, isRequired: false } : need))
  const missing = [
    ...needs,
    ...more.filter((need) => !needs.some(({ privilege }) => privilege === need.privilege)),
  ].filter((need) => !hasGlobalPrivilege(facts.grants, need.privilege))
  return missing.length === 0 ? { missing } : { missing, grant: grantStatement(facts.account, missing) }
}

/** The GRANT that gives `needs` to an account as CURRENT_USER() names it. */
function grantStatement(account: string, needs: readonly PrivilegeNeed[]): string {
  const at = account.lastIndexOf('@')
  const name = quoteAccount({ user: account.slice(0, at), host: account.slice(at + 1) })
  const withOption = needs.some((need) => need.privilege === 'GRANT OPTION') ? ' WITH GRANT OPTION' : ''
  const list = needs.map((need) => need.privilege).filter((privilege) => privilege !== 'GRANT OPTION')
  // GRANT takes this one alone only.
  const all = list.includes(allPrivileges) ? [allPrivileges] : list
  return `GRANT ${all.length === 0 ? 'USAGE' : all.join(', ')} ON *.* TO ${name}${withOption};`
}
