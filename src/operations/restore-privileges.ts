// Refuses a restore for which the account lacks privileges, before anything is made: of the server, or of chosen schemas.
import { HoldfastError } from '../core/errors.ts'
import { globalPrivileges, hasGlobalPrivilege, hasSchemaPrivilege } from '../instance/grants.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import { definersReason, required, schemaPrivileges } from '../instance/privilege-need.ts'
import { missingPrivileges } from '../instance/privileges.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { AccountContent, SchemaContent } from '../logical/content.ts'
import { definerOf, definerText } from '../logical/definers.ts'
import { codeOf, codeOrder } from '../logical/definition-statements.ts'
import { requirePrivileges } from './require-privileges.ts'

/**
 * For everything, with accounts and GTID state. What an account gives to others it must have itself.
 * @throws HoldfastError PRIVILEGE_MISSING
 */
export function requireForAll(facts: InstanceFacts, toGrant: readonly AccountContent[]): void {
  const given = toGrant.flatMap(({ grants }) => globalPrivileges(grants))
  const more = [...new Set(given)].filter((privilege) => privilege !== 'USAGE')
  const isForOthers = more.some((privilege) => !hasGlobalPrivilege(facts.grants, privilege))
  requirePrivileges(
    facts,
    'restore',
    more.map((privilege) => required(privilege, 'an account of the backup has it')),
    [],
    isForOthers ? ' Or leave the accounts of the backup out: --to backup --no-accounts.' : '',
  )
}

/**
 * For some schemas and nothing else of the server; privileges on the schemas are enough for that.
 * @throws HoldfastError PRIVILEGE_MISSING
 */
export function requireForSchemas(facts: InstanceFacts, schemas: readonly SchemaContent[]): void {
  const { missing, grant } = missingPrivileges(facts, 'restore')
  if (grant === undefined) return
  const ofSchemas: ReadonlySet<string> = new Set(schemaPrivileges.filter((name) => !givenOnly.has(name)))
  const account = / TO (.*?)(?: WITH GRANT OPTION)?;$/s.exec(grant)?.[1] ?? ''
  const grants: string[] = []
  for (const { name } of schemas) {
    const list = missing
      .map(({ privilege }) => privilege)
      .filter((privilege) => ofSchemas.has(privilege) && !hasSchemaPrivilege(facts.grants, privilege, name))
    const pattern = quoteName(name.replaceAll(/[\\_%]/g, String.raw`\$&`))
    if (list.length > 0) grants.push(`GRANT ${list.join(', ')} ON ${pattern}.* TO ${account};`)
  }
  const definers = missing.filter(({ reason }) => reason === definersReason).map(({ privilege }) => privilege)
  if (definers.length > 0 && hasOtherDefiner(facts.account, schemas)) {
    grants.push(`GRANT ${definers.join(', ')} ON *.* TO ${account};`)
  }
  if (grants.length === 0) return
  throw new HoldfastError(
    'PRIVILEGE_MISSING',
    `${facts.account} lacks privileges to restore ${schemas.map(({ name }) => name).join(', ')}`,
    { account: facts.account },
    { hint: `Run as an administrator: ${grants.join(' ')}` },
  )
}

/** Asked of a restore of everything only, which gives them to accounts. */
const givenOnly: ReadonlySet<string> = new Set(['UPDATE', 'EXECUTE', 'CREATE TEMPORARY TABLES'])

function hasOtherDefiner(account: string, schemas: readonly SchemaContent[]): boolean {
  return schemas
    .flatMap((schema) =>
      codeOrder.flatMap((kind) => (kind === 'views' ? schema.views : codeOf(schema, kind))),
    )
    .some((code) => {
      const definer = definerOf(code)
      return definer !== undefined && definerText(definer) !== account
    })
}
