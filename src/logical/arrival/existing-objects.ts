// What a target has already of the names that a restore would create.
import { isSchema, quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { SchemaContent } from '../content.ts'

export interface ExistingObject {
  /** `table`, `view`, `sequence`, `trigger`, `event`, `procedure`, … */
  readonly kind: string
  readonly schema: string
  readonly name: string
  /** The table of a trigger. */
  readonly table: string
}

/** Schemas that are there, by name, with their default collations. */
export async function presentSchemas(
  connection: Connection,
  schemas: readonly SchemaContent[],
): Promise<ReadonlyMap<string, string>> {
  if (schemas.length === 0) return new Map()
  const isOurs = schemas.map((schema) => isSchema('SCHEMA_NAME', schema.name)).join(' OR ')
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA WHERE ${isOurs}`,
  )
  return new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'collation')]))
}

export async function objectsIn(connection: Connection, schema: string): Promise<readonly ExistingObject[]> {
  const rows = await connection.query(
    `SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END AS kind,
       TABLE_NAME AS name, '' AS ofTable FROM information_schema.TABLES WHERE ${isSchema('TABLE_SCHEMA', schema)}
     UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, '' FROM information_schema.ROUTINES WHERE ${isSchema('ROUTINE_SCHEMA', schema)}
     UNION ALL SELECT 'event', EVENT_NAME, '' FROM information_schema.EVENTS WHERE ${isSchema('EVENT_SCHEMA', schema)}
     UNION ALL SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE ${isSchema('TRIGGER_SCHEMA', schema)}`,
  )
  return rows.map((row) => ({
    kind: textOf(row, 'kind'),
    schema,
    name: textOf(row, 'name'),
    table: textOf(row, 'ofTable'),
  }))
}

/** What a restore would make of the same name; relations share their names, and so do routines of one kind. */
export function isInTheWay(object: ExistingObject, schema: SchemaContent): boolean {
  const { kind, name } = object
  if (kind === 'trigger') {
    return schema.tables.some((table) => table.triggers.some((trigger) => isSameName(trigger.name, name)))
  }
  if (kind === 'event') return schema.events.some((event) => isSameName(event.name, name))
  if (kind === 'table' || kind === 'view' || kind === 'sequence') {
    return [...schema.tables, ...schema.views, ...schema.sequences].some((relation) => relation.name === name)
  }
  return schema.routines.some((routine) => routine.kind === kind && isSameName(routine.name, name))
}

/** Of what has no file of its own name. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

export function dropStatement({ kind, schema, name }: ExistingObject): string {
  return `DROP ${kind.toUpperCase()} ${quoteQualified(schema, name)}`
}
