// Refuses work for which the account lacks privileges, before it begins.
import { HoldfastError } from '../core/errors.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import { missingPrivileges, type PrivilegeNeed, type Purpose } from '../instance/privileges.ts'

/**
 * Throws PRIVILEGE_MISSING with the GRANT that gives what is required (`more` counts as such), and with it what only helps. What is in
 * `without` is not needed this time; `otherwise` is what can be done instead.
 */
export function requirePrivileges(
  facts: InstanceFacts,
  purpose: Purpose,
  more: readonly PrivilegeNeed[] = [],
  without: readonly string[] = [],
  otherwise = '',
): void {
  const { missing, grant } = missingPrivileges(facts, purpose, more)
  const required = missing.filter((need) => need.isRequired && !without.includes(need.privilege))
  if (grant === undefined || required.length === 0) return
  throw new HoldfastError(
    'PRIVILEGE_MISSING',
    `${facts.account} lacks privileges for a ${purpose === 'hot' ? 'hot copy' : purpose}: ${required.map((need) => need.privilege).join(', ')}`,
    { account: facts.account },
    { hint: `Run as an administrator: ${grant}${otherwise}` },
  )
}
