// What of the code in a schema an account is not even shown, so that it cannot be named one by one.
import { hasSchemaPrivilege } from '../instance/grants.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import type { SchemaDefinition } from './definitions.ts'
import { logicalDialectOf } from './dialects.ts'
import { type Selection, selectsCode } from './selection.ts'

export function unseenCode(
  facts: InstanceFacts,
  selection: Selection,
  { name, routines }: SchemaDefinition,
): readonly string[] {
  const lacks = (privilege: string) =>
    hasSchemaPrivilege(facts.grants, privilege, name) ? undefined : privilege
  const unseen: [what: string, lacking: string | undefined][] = [['triggers', lacks('TRIGGER')]]
  if (selectsCode(selection, name)) {
    unseen.push(['events', lacks('EVENT')])
    // It is shown its own, and those that it was given one by one.
    const what = routines.length === 0 ? 'routines' : 'other routines'
    unseen.push([what, logicalDialectOf(facts.flavour).unseenRoutines(facts, name)])
  }
  return unseen.flatMap(([what, lacking]) =>
    lacking === undefined
      ? []
      : [`${what} of ${name} are not part of the backup, if there are any: the account lacks ${lacking}`],
  )
}
