// Creates schemas, sequences and tables, or takes them as an earlier run of the same load has left them.
import { HoldfastError } from '../core/errors.ts'
import { quoteName, quoteQualified } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import { ByteQuery } from './byte-rows.ts'
import type { SchemaContent, TableContent } from './content.ts'
import { keysLeft } from './deferred-indexes/missing-keys.ts'
import type { Deferral, DeferredTable } from './deferred-indexes/plan-deferral.ts'
import { sequenceValue, tableStatement } from './definition-statements.ts'
import type { LoadChange, LoadChanges } from './load-changes.ts'
import type { MadeBefore } from './made-before.ts'
import { readTableDdl } from './table-ddl.ts'

export interface DefinitionPlan {
  readonly schemas: readonly SchemaContent[]
  /** Schemas that are there, and stay. */
  readonly present: ReadonlySet<string>
  readonly made: MadeBefore
  /** What is to be added to tables that are made now. */
  readonly planned: Deferral
  readonly mend?: MendTable | undefined
  readonly changes: LoadChanges
}

/** Another definition of a table that the target has refused; undefined where there is none, and the error stands. */
export type MendTable = (table: NamedDdl, error: unknown) => MendedTable | undefined

interface NamedDdl {
  readonly schema: string
  readonly name: string
  readonly ddl: string
}

interface MendedTable {
  readonly ddl: string
  readonly changes: readonly LoadChange[]
}

/** Answers what is to be added when the rows are in. */
export async function createDefinitions(
  connection: Connection,
  { schemas, present, made, planned, ...mending }: DefinitionPlan,
  signal: AbortSignal | undefined,
): Promise<Deferral> {
  const maker = { connection, signal, ...mending }
  const deferral = new Map<TableContent, DeferredTable>()
  const run = (sql: string) => connection.run(sql, { signal })
  for (const schema of schemas) {
    if (!present.has(schema.name) && !made.hasSchema(schema.name)) await run(schema.ddl)
    for (const statement of made.schemaRepair(schema)) await run(statement)
    await run(`USE ${quoteName(schema.name)}`)
    for (const sequence of schema.sequences) {
      if (!made.has('sequence', schema.name, sequence.name)) await run(sequence.ddl)
      await run(sequenceValue(schema.name, sequence))
    }
    for (const table of schema.tables) {
      const isMade = made.has('table', schema.name, table.name)
      const deferred = await naming(`table ${schema.name}.${table.name}`, () =>
        isMade
          ? keepTable(maker, schema.name, table)
          : createTable(maker, schema.name, table, planned.get(table)),
      )
      if (deferred !== undefined) deferral.set(table, deferred)
    }
  }
  return deferral
}

/** What a server says of a definition does not always name it. */
async function naming<Made>(object: string, make: () => Promise<Made>): Promise<Made> {
  try {
    return await make()
  } catch (error) {
    if (!(error instanceof HoldfastError) || serverErrno(error) === undefined) throw error
    const { code, message, details, hint } = error
    throw new HoldfastError(
      code,
      `${object} cannot be created: ${message}`,
      { ...details, object },
      { cause: error, hint },
    )
  }
}

interface TableMaker extends Pick<DefinitionPlan, 'mend' | 'changes'> {
  readonly connection: Connection
  readonly signal: AbortSignal | undefined
}

/** Each statement of an earlier run was carried out or not: CREATE TABLE and ALTER TABLE are atomic on both servers. */
async function keepTable(
  maker: TableMaker,
  schema: string,
  table: TableContent,
): Promise<DeferredTable | undefined> {
  const { connection, signal } = maker
  if (table.isTransactional)
    return keysLeft(schema, table, await readTableDdl(connection, new ByteQuery(), schema, table.name))
  // What it has of its rows nobody can tell.
  await connection.run(`DROP TABLE ${quoteQualified(schema, table.name)}`, { signal })
  return await createTable(maker, schema, table, undefined)
}

/**
 * Foreign keys that are not added later come with their tables: checks are off, so neither order nor rows matter, and the rows come from
 * one consistent moment. Answers what is to be added later.
 */
async function createTable(
  maker: TableMaker,
  schema: string,
  table: TableContent,
  deferred: DeferredTable | undefined,
): Promise<DeferredTable | undefined> {
  const { connection, signal } = maker
  if (deferred !== undefined) {
    try {
      await connection.run(deferred.create, { signal })
      return deferred
    } catch (error) {
      // A table of another schema may have been waiting for it with a foreign key to one of the keys.
      if (serverErrno(error) === undefined) throw error
    }
  }
  await createMended(maker, { schema, name: table.name, ddl: tableStatement(table) })
  return undefined
}

/** One thing after the other: the server names the first that it does not know. */
async function createMended(maker: TableMaker, table: NamedDdl): Promise<void> {
  const { connection, signal, mend, changes } = maker
  try {
    await connection.run(table.ddl, { signal })
  } catch (error) {
    const mended = mend?.(table, error)
    if (mended === undefined) throw error
    for (const change of mended.changes) await changes.note(connection, change)
    await createMended(maker, { ...table, ddl: mended.ddl })
  }
}
