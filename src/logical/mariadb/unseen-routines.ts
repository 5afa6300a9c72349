// Whether MariaDB shows an account all routines of a schema.
import { hasSchemaPrivilege } from '../../instance/grants.ts'
import type { InstanceFacts } from '../../instance/instance-facts.ts'

/** One of them shows that a routine is there: check_some_routine_access() in sql_acl.cc. */
const showing = ['EXECUTE', 'CREATE ROUTINE', 'ALTER ROUTINE', 'SHOW CREATE ROUTINE']

/** What the account lacks for it; undefined where it lacks nothing. */
export function unseenRoutines({ grants, release }: InstanceFacts, schema: string): string | undefined {
  const isShown =
    hasSchemaPrivilege(grants, 'SELECT', 'mysql') ||
    grants.some((line) => /^GRANT [^(]*\bSELECT\b[^(]* ON `mysql`\.`proc` TO /.test(line)) ||
    showing.some((privilege) => hasSchemaPrivilege(grants, privilege, schema))
  return isShown ? undefined : release >= 110_300 ? 'SHOW CREATE ROUTINE' : 'SELECT on mysql.proc'
}
