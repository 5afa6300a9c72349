// Everything that is defined in the selected schemas, read through SHOW CREATE and information_schema.
import { HoldfastError } from '../core/errors.ts'
import { quoteName, quoteTexts } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import { ByteQuery } from './byte-rows.ts'
import { CodeReader } from './code.ts'
import type { CodeContent, SequenceContent } from './content.ts'
import type { LogicalDialect } from './dialect.ts'
import { checkExclusion } from './filters/check-exclusion.ts'
import { type Selection, selectsCode, selectsSchema, selectsTable } from './selection.ts'
import { listRelations, readTable, type TableDefinition } from './table-definition.ts'

export interface SchemaDefinition {
  readonly name: string
  readonly ddl: string
  readonly collation: string
  readonly sequenceNames: readonly string[]
  readonly tables: readonly TableDefinition[]
  readonly triggers: ReadonlyMap<string, readonly CodeContent[]>
  readonly views: readonly CodeContent[]
  readonly routines: readonly CodeContent[]
  readonly events: readonly CodeContent[]
  /** What could not be read or will not come back as it is, by name. */
  readonly warnings: readonly string[]
}

/**
 * Reads all definitions of a selection.
 * @throws HoldfastError USAGE when a selected schema or table is not there, UNSUPPORTED for a column type that is not known
 */
export async function readDefinitions(
  connection: Connection,
  dialect: LogicalDialect,
  selection: Selection,
  signal?: AbortSignal,
): Promise<readonly SchemaDefinition[]> {
  const options = { signal }
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME NOT IN (${quoteTexts(dialect.systemSchemas)}) ORDER BY 1`,
    options,
  )
  const all = rows.map((row) => ({ name: textOf(row, 'name'), collation: textOf(row, 'collation') }))
  await checkExclusion(
    connection,
    selection,
    all.map(({ name }) => name),
  )
  const found = all.filter(({ name }) => selectsSchema(selection, name))
  const query = new ByteQuery()
  const schemas: SchemaDefinition[] = []
  for (const { name, collation } of found) {
    signal?.throwIfAborted()
    schemas.push(await readSchema(connection, dialect, selection, { name, collation }, query))
  }
  checkAllThere(selection, schemas)
  return schemas
}

async function readSchema(
  connection: Connection,
  dialect: LogicalDialect,
  selection: Selection,
  { name, collation }: { readonly name: string; readonly collation: string },
  query: ByteQuery,
): Promise<SchemaDefinition> {
  const [row = {}] = await connection.query(`SHOW CREATE DATABASE ${quoteName(name)}`)
  const relations = (await listRelations(connection, name)).filter((relation) =>
    selectsTable(selection, name, relation.name),
  )
  const tables: TableDefinition[] = []
  for (const relation of relations.filter(({ kind }) => kind === 'table')) {
    tables.push(await readTable(connection, dialect, name, relation, query))
  }
  const code = new CodeReader(connection, query, name)
  const isCode = selectsCode(selection, name)
  return {
    name,
    ddl: textOf(row, 'Create Database'),
    collation,
    sequenceNames: relations.filter(({ kind }) => kind === 'sequence').map((sequence) => sequence.name),
    tables,
    triggers: await code.triggers(new Set(tables.map((table) => table.name))),
    views: await code.views(relations.filter(({ kind }) => kind === 'view')),
    routines: isCode ? await code.routines(dialect) : [],
    events: isCode ? await code.events() : [],
    warnings: [
      ...code.warnings,
      ...tables
        .filter((table) => table.unclearColumns.length > 0)
        .map(
          (table) =>
            `${name}.${table.name} shows '?' in the definition of ${table.unclearColumns.join(', ')}, where the server may have a character beyond U+FFFF: then the table comes back with the '?'. With CREATE TEMPORARY TABLES on ${name} that can be found out`,
        ),
      ...tables
        .filter((table) => table.isHistoryLost)
        .map(
          (table) =>
            `${name}.${table.name} keeps its history by transaction (ROW START is a BIGINT), which no server takes back: only its current rows are part of the backup`,
        ),
      ...tables
        .filter((table) => table.zonedColumns.length > 0)
        .map(
          (table) =>
            `${name}.${table.name} has stored columns made of a TIMESTAMP, which are computed anew in UTC when loaded: ${table.zonedColumns.join(', ')}`,
        ),
    ],
  }
}

export async function readSequences(
  connection: Connection,
  dialect: LogicalDialect,
  schema: SchemaDefinition,
): Promise<SequenceContent[]> {
  const sequences: SequenceContent[] = []
  for (const name of schema.sequenceNames)
    sequences.push(await dialect.readSequence(connection, schema.name, name))
  return sequences
}

function checkAllThere(selection: Selection, schemas: readonly SchemaDefinition[]): void {
  const byName = new Map(schemas.map((schema) => [schema.name, schema]))
  const absent =
    selection.kind === 'schemas'
      ? selection.schemas.filter((name) => !byName.has(name)).map((name) => `schema ${name}`)
      : selection.kind === 'tables'
        ? selection.tables
            .filter((table) => !hasRelation(byName.get(table.schema), table.name))
            .map((table) => `table ${table.schema}.${table.name}`)
        : []
  if (absent.length > 0) {
    throw new HoldfastError(
      'USAGE',
      `the server has no ${absent.join(', no ')}, or the account may not see it`,
      { absent: absent.join(', ') },
      { hint: 'Check the spelling (upper and lower case may count), and that the account has SELECT on it.' },
    )
  }
}

function hasRelation(schema: SchemaDefinition | undefined, name: string): boolean {
  if (schema === undefined) return false
  return (
    schema.tables.some((table) => table.name === name) ||
    schema.views.some((view) => view.name === name) ||
    schema.sequenceNames.includes(name)
  )
}

/** The names of everything whose definition differs: for telling which DDL came in between. */
export function differences(
  before: readonly SchemaDefinition[],
  after: readonly SchemaDefinition[],
): readonly string[] {
  const one = namedDefinitions(before)
  const other = namedDefinitions(after)
  const names = new Set([...one.keys(), ...other.keys()])
  return [...names].filter((name) => one.get(name) !== other.get(name))
}

/**
 * The names of tables that are no longer those that were read. For sessions that still hold what they read, so that a table is now the one
 * that they saw. Code and tables without rows of their own may have changed meanwhile: they were compared when the snapshot began.
 */
export async function changedTables(
  connection: Connection,
  dialect: LogicalDialect,
  schemas: readonly SchemaDefinition[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const query = new ByteQuery()
  const changed: string[] = []
  for (const schema of schemas) {
    signal?.throwIfAborted()
    const relations = new Map((await listRelations(connection, schema.name)).map((now) => [now.name, now]))
    for (const table of schema.tables.filter(({ select }) => select !== undefined)) {
      const relation = relations.get(table.name)
      const now =
        relation === undefined
          ? undefined
          : await readTable(connection, dialect, schema.name, relation, query)
      if (now === undefined || identity(now) !== identity(table))
        changed.push(`table ${schema.name}.${table.name}`)
    }
  }
  return changed
}

function identity({ ddl, createdAt }: TableDefinition): string {
  // The counter moves with every row; it is no change of the definition.
  return `${createdAt} ${ddl.replace(/ AUTO_INCREMENT=\d+/, '')}`
}

function namedDefinitions(schemas: readonly SchemaDefinition[]): ReadonlyMap<string, string> {
  const named = new Map<string, string>()
  for (const schema of schemas) {
    named.set(`schema ${schema.name}`, `${schema.ddl} ${schema.collation}`)
    for (const name of schema.sequenceNames) named.set(`sequence ${schema.name}.${name}`, '')
    for (const table of schema.tables) {
      named.set(`table ${schema.name}.${table.name}`, identity(table))
    }
    const code = [...schema.triggers.values(), schema.views, schema.routines, schema.events].flat()
    for (const part of code) named.set(`${part.kind} ${schema.name}.${part.name}`, JSON.stringify(part))
  }
  return named
}
