// Doctor's checks of what the account may do, each with the exact GRANT that gives what is missing.
import { type MissingPrivileges, missingPrivileges } from '../../instance/privileges.ts'
import { type DoctorCheck, fail, ok, warn } from './doctor-checks.ts'
import type { DoctorFacts } from './read-facts.ts'

export function checkPrivileges(facts: DoctorFacts): readonly DoctorCheck[] {
  return [
    privilegeCheck('privileges for backup', facts.account, missingPrivileges(facts, 'backup')),
    ...(facts.flavour === 'mysql' ? [cloneCheck(facts.account, missingPrivileges(facts, 'clone'))] : []),
    ...(facts.binlog.isOn
      ? [privilegeCheck('privileges for stream', facts.account, missingPrivileges(facts, 'stream'))]
      : []),
    restoreCheck(facts.account, missingPrivileges(facts, 'restore')),
  ]
}

/** Never more than a word: most backups are no clones. */
function cloneCheck(account: string, { missing, grant }: MissingPrivileges): DoctorCheck {
  const name = 'privileges for clone'
  if (grant === undefined) return ok(name, `${account} has all`)
  const list = missing.map((need) => `${need.privilege} (${need.reason})`).join('; ')
  return ok(name, `only for backup --method clone, ${account} lacks ${list}`, `As an administrator: ${grant}`)
}

/** Never more than a word: an account that takes backups is better off without what a restore needs. */
function restoreCheck(account: string, { grant }: MissingPrivileges): DoctorCheck {
  const name = 'privileges for restore'
  if (grant === undefined) return ok(name, `${account} has all`)
  return ok(
    name,
    'not needed, unless a restore is to go into this server',
    `Only for that, as an administrator: ${grant}`,
  )
}

function privilegeCheck(name: string, account: string, { missing, grant }: MissingPrivileges): DoctorCheck {
  if (grant === undefined) return ok(name, `${account} has all`)
  const required = missing.filter((need) => need.isRequired)
  const list = (required.length > 0 ? required : missing)
    .map((need) => `${need.privilege} (${need.reason})`)
    .join('; ')
  const message = `${account} lacks ${list}`
  const hint = `Run as an administrator: ${grant}`
  return required.length > 0 ? fail(name, message, hint) : warn(name, message, hint)
}
