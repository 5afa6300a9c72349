// What a target has of the schemas of a backup, and how its tables are compared with those of the backup.
import { quoteTexts } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { LogicalContent, SchemaContent, TableContent } from '../content.ts'
import { readDefinitions, readSequences } from '../definitions.ts'
import type { LogicalDialect } from '../dialect.ts'
import { exclusionOf, type Selection } from '../selection.ts'
import { listRelations } from '../table-definition.ts'
import type { TargetSchema } from './compare-definitions.ts'
import { type ComparedTable, comparedTable } from './compared-table.ts'
import type { DefinitionDifference } from './target-difference.ts'

/** Schemas and tables that the target does not have are not in the answer. `connection` is for reading. */
export async function readTarget(
  connection: Connection,
  dialect: LogicalDialect,
  content: LogicalContent,
  schemas: readonly SchemaContent[],
  signal: AbortSignal | undefined,
): Promise<readonly TargetSchema[]> {
  const present = await presentNames(connection, schemas, signal)
  if (present.length === 0) return []
  const selection: Selection =
    content.selection.kind === 'tables'
      ? { kind: 'tables', tables: await presentTables(connection, schemas, present) }
      : { kind: 'schemas', schemas: present, exclude: exclusionOf(content.selection) }
  const found = await readDefinitions(connection, dialect, selection, signal)
  const target: TargetSchema[] = []
  for (const schema of found) {
    target.push({ ...schema, sequences: await readSequences(connection, dialect, schema) })
  }
  return target
}

async function presentNames(
  connection: Connection,
  schemas: readonly SchemaContent[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (schemas.length === 0) return []
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME IN (${quoteTexts(schemas.map(({ name }) => name))})`,
    { signal },
  )
  const names = new Set(rows.map((row) => textOf(row, 'name')))
  return schemas.map(({ name }) => name).filter((name) => names.has(name))
}

/** Of chosen tables, views and sequences, those that are there. */
async function presentTables(
  connection: Connection,
  schemas: readonly SchemaContent[],
  present: readonly string[],
): Promise<readonly { readonly schema: string; readonly name: string }[]> {
  const tables: { readonly schema: string; readonly name: string }[] = []
  for (const schema of schemas.filter(({ name }) => present.includes(name))) {
    const wanted = new Set([...schema.tables, ...schema.views, ...schema.sequences].map(({ name }) => name))
    for (const { name } of await listRelations(connection, schema.name)) {
      if (wanted.has(name)) tables.push({ schema: schema.name, name })
    }
  }
  return tables
}

export interface TablesToCompare {
  readonly tables: readonly ComparedTable[]
  /** Of tables that cannot be compared, for want of columns. */
  readonly differences: readonly DefinitionDifference[]
}

/** The tables with rows in the backup that the target has as well. */
export function tablesToCompare(
  schemas: readonly SchemaContent[],
  there: readonly TargetSchema[],
  server: { readonly isSameVersion: boolean },
): TablesToCompare {
  const tables: ComparedTable[] = []
  const differences: DefinitionDifference[] = []
  for (const schema of schemas) {
    const target = there.find(({ name }) => name === schema.name)
    for (const content of schema.tables.filter(hasObject)) {
      const definition = target?.tables.find(({ name }) => name === content.name)
      if (definition === undefined) continue
      const table = comparedTable(schema.name, content, definition, server)
      if (!('missing' in table)) {
        tables.push(table)
        continue
      }
      const object = `table ${schema.name}.${content.name}`
      const why =
        table.missing.length === 0
          ? `has the engine ${definition.engine}, which keeps no rows of its own`
          : `has no column ${table.missing.join(', ')}`
      differences.push({
        kind: 'definition',
        object,
        text: `${object} ${why} on the target: rows not compared`,
      })
    }
  }
  return { tables, differences }
}

function hasObject(table: TableContent): table is TableContent & { readonly object: string } {
  return table.object !== undefined
}
