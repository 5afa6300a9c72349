// The grants of a script where what they name is there: a plain client stops at the first that is on nothing.
import { accountName } from '../account-name.ts'
import type { AccountContent, LogicalContent, SchemaContent } from '../content.ts'
import type { SchemaView } from './script-views.ts'

export interface GrantPlan {
  /** With the grants that need nothing but tables and routines. */
  readonly accounts: readonly AccountContent[]
  /** Those on a view, to be run when it is made. */
  readonly ofView: (view: SchemaView) => readonly string[]
  readonly warnings: readonly string[]
}

export interface GrantedParts {
  readonly schemas: readonly SchemaContent[]
  readonly views: readonly SchemaView[]
  readonly systemSchemas: readonly string[]
  readonly server: LogicalContent['server']
}

// SHOW GRANTS says `schema`.`name` of tables and views, and FUNCTION, PROCEDURE, … before the names of routines; MySQL says LIBRARY from 9.2 on.
const onObject =
  / ON (?:(FUNCTION|PROCEDURE|PACKAGE BODY|PACKAGE|LIBRARY) )?`((?:[^`]|``)*)`\.`((?:[^`]|``)*)` (?:TO|FROM) /

export function planGrants(accounts: readonly AccountContent[], parts: GrantedParts): GrantPlan {
  const { schemas, views, systemSchemas, server } = parts
  // Grants may have small letters where names have no case, and routines never have one.
  const hasCase = server.lowerCaseTableNames === 0
  const keyOf = (kind: string, schema: string, name: string) => {
    const key = `${kind.toUpperCase()}\0${schema}\0${kind === '' ? name : name.toLowerCase()}`
    return hasCase ? key : key.toLowerCase()
  }
  const made = new Set(
    schemas.flatMap(({ name: schema, tables, sequences, routines }) => [
      ...[...tables, ...sequences].map(({ name }) => keyOf('', schema, name)),
      ...routines.map(({ kind, name }) => keyOf(kind, schema, name)),
    ]),
  )
  const viewKey = ({ schema, view }: SchemaView) => keyOf('', schema.name, view.name)
  const byView = new Map(views.map((view) => [viewKey(view), [] as string[]]))
  const warnings: string[] = []
  const isKept = (account: AccountContent, grant: string): boolean => {
    const [, kind = '', quotedSchema, quotedName] = onObject.exec(grant) ?? []
    if (quotedSchema === undefined || quotedName === undefined) return true
    const [schema, name] = [unquoted(quotedSchema), unquoted(quotedName)]
    const key = keyOf(kind, schema, name)
    if (made.has(key) || systemSchemas.includes(schema)) return true
    const ofView = byView.get(key)
    ofView?.push(grant)
    if (ofView === undefined) {
      warnings.push(
        `a grant of ${accountName(account)} is left out: it is on ${schema}.${name}, which is not written`,
      )
    }
    return false
  }
  return {
    accounts: accounts.map((account) => ({
      ...account,
      grants: account.grants.filter((grant) => isKept(account, grant)),
    })),
    ofView: (view) => byView.get(viewKey(view)) ?? [],
    warnings,
  }
}

function unquoted(quoted: string): string {
  return quoted.replaceAll('``', '`')
}
