// What of a backup a script cannot ask its target for: it does without, or tells what has to be there.
import type { SchemaContent } from '../content.ts'
import { tablespaceOf, withoutTablespace } from '../mend-tablespace.ts'
import { roleDefiners, withoutRole } from '../role-definers.ts'
import { referencesIn } from '../spatial-references.ts'

export interface ScriptNeeds {
  readonly schemas: readonly SchemaContent[]
  readonly warnings: readonly string[]
}

/** @param roles that the script makes */
export function planNeeds(schemas: readonly SchemaContent[], roles: ReadonlySet<string>): ScriptNeeds {
  const warnings: string[] = []
  const ownTablespaces = schemas.map((schema) => ({
    ...schema,
    tables: schema.tables.map((table) => {
      const tablespace = tablespaceOf(table.ddl)
      if (tablespace === undefined || everywhere.has(tablespace)) return table
      warnings.push(
        `table ${schema.name}.${table.name} is written without its tablespace ${tablespace}: it gets a file of its own`,
      )
      return { ...table, ddl: withoutTablespace(table.ddl) }
    }),
  }))
  for (const [srid, table] of referencesIn(schemas))
    if (isOfUsers(Number(srid)))
      warnings.push(
        `table ${table} needs spatial reference system ${srid}, which is not written: make it on the target before`,
      )
  for (const [role, object] of roleDefiners(schemas))
    if (!roles.has(role)) warnings.push(withoutRole(object, role))
  return { schemas: ownTablespaces, warnings }
}

const everywhere: ReadonlySet<string> = new Set(['innodb_system', 'innodb_file_per_table'])

/** The others MySQL keeps for itself and for EPSG: "CREATE SPATIAL REFERENCE SYSTEM Statement" in its manual. */
function isOfUsers(srid: number): boolean {
  return srid > 32_767 && !(srid >= 60_000_000 && srid < 70_000_000) && srid < 2_000_000_000
}
