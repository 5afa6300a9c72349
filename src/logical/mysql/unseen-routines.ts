// Whether MySQL shows an account all routines of a schema.
import { hasGlobalPrivilege, hasSchemaPrivilege } from '../../instance/grants.ts'
import type { InstanceFacts } from '../../instance/instance-facts.ts'

/** One of them shows that a routine is there, if not what it does: "The INFORMATION_SCHEMA ROUTINES Table" in the manual. */
const showing = ['EXECUTE', 'CREATE ROUTINE', 'ALTER ROUTINE']

/** What the account lacks for it; undefined where it lacks nothing. */
export function unseenRoutines({ grants, release }: InstanceFacts, schema: string): string | undefined {
  const isShown =
    hasGlobalPrivilege(grants, 'SELECT') ||
    hasGlobalPrivilege(grants, 'SHOW_ROUTINE') ||
    showing.some((privilege) => hasSchemaPrivilege(grants, privilege, schema))
  return isShown ? undefined : release >= 80_020 ? 'SHOW_ROUTINE on *.*' : 'SELECT on *.*'
}
