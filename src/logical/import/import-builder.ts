// Collects what a dump defines and holds, and makes the content of a backup of it.
import type { BackupObject, ObjectChunk } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { quoteName } from '../../instance/sql-text.ts'
import { keptStatement } from '../code.ts'
import type { CodeContent, SchemaContent, TableContent } from '../content.ts'
import type { LogicalDialect } from '../dialect.ts'
import { tableObjectName } from '../read-tables.ts'
import { rowlessEngines } from '../table-definition.ts'
import { type RowForm, rowForm } from './column-forms.ts'
import type { DumpSession } from './session.ts'
import type { DumpedColumn, DumpedTable } from './table-columns.ts'

const transactionalEngines = new Set(['INNODB', 'ROCKSDB', 'TOKUDB', 'NDBCLUSTER', 'NDB'])

/** What stands for a view until all tables are there. Servers show views themselves with ALGORITHM, and `select` in small letters. */
const placeholder = /^CREATE\s+VIEW\s+`(?:[^`]|``)*`\s+AS\s+SELECT\s+1 AS `/

const spatialTypes = new Set(
  'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection'.split(
    ' ',
  ),
)

function isOfBytes({ type }: DumpedColumn): boolean {
  return /blob$|binary$|^bit$|^vector$/.test(type) || spatialTypes.has(type)
}

export interface ImportedTable {
  readonly schema: string
  readonly definition: DumpedTable
  readonly ddl: string
  /** Of the session that defined it: files of its rows as text say none themselves, and a trailer sets another one. */
  readonly timeZone: string | undefined
  readonly triggers: CodeContent[]
  /** Those of its rows; undefined until there are some. */
  form: RowForm | undefined
  readonly chunks: ObjectChunk[]
  rows: number
}

interface ImportedSchema {
  readonly name: string
  ddl: string | undefined
  collation: string | undefined
  /** For a moment another one, in which code was made. */
  currentCollation: string | undefined
  readonly sequences: Map<string, { ddl: string; next: string | undefined }>
  readonly tables: Map<string, ImportedTable>
  readonly views: Map<string, { readonly code: CodeContent; readonly isPlaceholder: boolean }>
  readonly routines: Map<string, CodeContent>
  readonly events: Map<string, CodeContent>
}

export class ImportBuilder {
  readonly #dialect: LogicalDialect
  readonly #schemas = new Map<string, ImportedSchema>()
  readonly #foreign = new Set<string>()
  readonly warnings: string[] = []
  #latest: ImportedTable | undefined

  constructor(dialect: LogicalDialect) {
    this.#dialect = dialect
  }

  /** False for the schemas of the server itself, which are left out. */
  isWanted(schema: string): boolean {
    if (!this.#dialect.systemSchemas.includes(schema.toLowerCase())) return true
    this.#foreign.add(schema)
    return false
  }

  schema(name: string): ImportedSchema {
    const known = this.#schemas.get(name)
    if (known !== undefined) return known
    const made: ImportedSchema = {
      name,
      ddl: undefined,
      collation: undefined,
      currentCollation: undefined,
      sequences: new Map(),
      tables: new Map(),
      views: new Map(),
      routines: new Map(),
      events: new Map(),
    }
    this.#schemas.set(name, made)
    return made
  }

  schemaNames(): readonly string[] {
    return [...this.#schemas.keys()]
  }

  defineSchema(name: string, ddl: string, collation: string | undefined): void {
    const schema = this.schema(name)
    schema.ddl ??= ddl
    schema.collation ??= collation
    schema.currentCollation = schema.collation
  }

  alterSchema(name: string, collation: string | undefined): void {
    const schema = this.schema(name)
    schema.currentCollation = collation ?? schema.currentCollation
  }

  defineTable(schemaName: string, definition: DumpedTable, ddl: string, timeZone: string | undefined): void {
    const schema = this.schema(schemaName)
    const { name } = definition
    if (definition.isSequence) {
      throw new HoldfastError(
        'UNSUPPORTED',
        `${schemaName}.${name} is a sequence, which the dump has as a table`,
      )
    }
    // Some programs stand a table in for a view that comes later, and define a table again in the file of its rows.
    const known = schema.tables.get(name)
    if (known?.form !== undefined) {
      throw new HoldfastError(
        'UNSUPPORTED',
        `${schemaName}.${name} is defined twice, and has rows before the second time`,
      )
    }
    const table: ImportedTable = {
      schema: schemaName,
      definition,
      ddl,
      timeZone,
      triggers: [],
      form: undefined,
      chunks: [],
      rows: 0,
    }
    schema.tables.set(name, table)
    this.#latest = table
  }

  defineView(schemaName: string, code: CodeContent): void {
    const schema = this.schema(schemaName)
    const standIn = schema.tables.get(code.name)
    if (standIn !== undefined && standIn.form === undefined) schema.tables.delete(code.name)
    const isPlaceholder = typeof code.statement === 'string' && placeholder.test(code.statement)
    if (isPlaceholder && schema.views.has(code.name)) return
    schema.views.set(code.name, { code, isPlaceholder })
  }

  defineSequence(schemaName: string, name: string, ddl: string): void {
    this.schema(schemaName).sequences.set(name, { ddl, next: undefined })
  }

  setSequence(schemaName: string, name: string, next: string): boolean {
    const sequence = this.schema(schemaName).sequences.get(name)
    if (sequence === undefined) return false
    sequence.next = next
    return true
  }

  defineCode(schemaName: string, code: CodeContent): void {
    const schema = this.schema(schemaName)
    const kept = code.kind === 'event' ? schema.events : schema.routines
    kept.set(`${code.kind} ${code.name}`, code)
  }

  /** False when there is no such table. */
  defineTrigger(schemaName: string, table: string, code: CodeContent): boolean {
    const found = this.table(schemaName, table)
    if (found === undefined) return false
    const at = found.triggers.findIndex(({ name }) => name === code.name)
    if (at < 0) found.triggers.push(code)
    else found.triggers[at] = code
    return true
  }

  /** The table that was defined last since this was asked, unless a view took its place. */
  takeLatest(): ImportedTable | undefined {
    const latest = this.#latest
    this.#latest = undefined
    return latest !== undefined && this.table(latest.schema, latest.definition.name) === latest
      ? latest
      : undefined
  }

  table(schema: string, name: string): ImportedTable | undefined {
    return this.#schemas.get(schema)?.tables.get(name)
  }

  /** Code as it is kept, made in this session. */
  code(
    kind: CodeContent['kind'],
    schemaName: string,
    name: string,
    statement: Buffer,
    session: DumpSession,
  ): CodeContent {
    const collationDatabase = kind === 'view' ? undefined : this.schema(schemaName).currentCollation
    return {
      kind,
      name,
      statement: keptStatement(statement),
      sqlMode: session.sqlMode,
      charsetClient: session.charsetClient,
      collationConnection: session.collationConnection,
      ...(collationDatabase === undefined ? {} : { collationDatabase }),
      ...(kind === 'event' ? { timeZone: session.timeZone ?? 'SYSTEM' } : {}),
    }
  }

  /**
   * How rows with these columns become cells; the same for all rows of a table.
   * @throws HoldfastError UNSUPPORTED
   */
  form(table: ImportedTable, names: readonly string[] | undefined, charset: string): RowForm {
    return this.settle(table, this.possibleForm(table, names, charset))
  }

  /** The same before it is known to be the one. */
  possibleForm(table: ImportedTable, names: readonly string[] | undefined, charset: string): RowForm {
    return rowForm(this.#dialect, table.schema, table.definition, names, charset)
  }

  settle(table: ImportedTable, form: RowForm): RowForm {
    if (table.form !== undefined && signatureOf(table.form) !== signatureOf(form)) {
      throw new HoldfastError(
        'UNSUPPORTED',
        `${table.schema}.${table.definition.name}: its rows come with different columns or character sets in different places`,
      )
    }
    table.form = form
    return form
  }

  schemas(createdAt: number): readonly SchemaContent[] {
    return [...this.#schemas.values()]
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((schema) => this.#schemaContent(schema, createdAt))
  }

  objects(): readonly BackupObject[] {
    return [...this.#schemas.values()].flatMap(({ tables }) =>
      [...tables.values()].filter(hasObject).map(({ schema, definition, chunks }) => ({
        name: tableObjectName(schema, definition.name),
        chunks,
      })),
    )
  }

  /** Tables whose FLOAT columns have only the digits that the dump has. */
  floatTables(): readonly string[] {
    return this.#tableNames(
      ({ definition, rows }) => rows > 0 && definition.columns.some(({ type }) => type === 'float'),
    )
  }

  /** Tables with columns of bytes that are no text. */
  byteTables(): readonly string[] {
    return this.#tableNames(({ definition, rows }) => rows > 0 && definition.columns.some(isOfBytes))
  }

  /** System-versioned tables of whose past the dump has nothing. */
  historyLost(): readonly string[] {
    return this.#tableNames(({ definition, form }) => definition.isVersioned && !hasHistory(definition, form))
  }

  /** Schemas of the server that the dump has and the backup has not. */
  get leftOut(): readonly string[] {
    return [...this.#foreign].toSorted()
  }

  #tableNames(isMeant: (table: ImportedTable) => boolean): readonly string[] {
    return [...this.#schemas.values()].flatMap(({ name, tables }) =>
      [...tables.values()].filter(isMeant).map(({ definition }) => `${name}.${definition.name}`),
    )
  }

  #schemaContent(schema: ImportedSchema, createdAt: number): SchemaContent {
    const { name, tables } = schema
    // Where only code tells it, at the end: then its collation is the schema's own again.
    const collation = schema.collation ?? schema.currentCollation
    const ddl = schema.ddl ?? schemaDdl(name, collation)
    for (const [view, { isPlaceholder }] of schema.views) {
      if (!isPlaceholder) continue
      throw new HoldfastError(
        'UNSUPPORTED',
        `the dump has only what stands in for view ${name}.${view}, and not the view`,
      )
    }
    if (collation === undefined && schema.ddl === undefined) {
      this.warnings.push(
        `the dump does not say the character set of schema ${name}: a restore makes it with the default of its target`,
      )
    }
    return {
      name,
      ddl,
      collation: collation ?? '',
      sequences: [...schema.sequences].map(([sequence, state]) => ({
        name: sequence,
        ddl: state.ddl,
        next: state.next ?? '1',
        cycle: '0',
      })),
      tables: [...tables.values()].map(tableContent),
      views: [...schema.views.values()].map(({ code }) => code),
      routines: [...schema.routines.values()].toSorted((a, b) => order(a) - order(b)),
      events: [...schema.events.values()].map((event) => ({
        ...event,
        createdAt: creationOf(event, createdAt),
      })),
    }
  }
}

function schemaDdl(name: string, collation: string | undefined): string {
  return `CREATE DATABASE ${quoteName(name)}${collation === undefined ? '' : ` COLLATE ${quoteName(collation)}`}`
}

const daySeconds = 86_400

/** Of an event, in seconds: as of the dump, or a day before its time where that has passed; made later it would be gone at once. */
function creationOf({ statement }: CodeContent, dumpedAt: number): number {
  const text =
    typeof statement === 'string' ? statement : Buffer.from(statement.base64, 'base64').toString('latin1')
  const times = [...text.matchAll(/ (?:AT|ENDS) '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'/g)]
  const ends = times.map(([, time = '']) => Date.parse(`${time.replace(' ', 'T')}Z`) / 1000 - daySeconds)
  return Math.max(1, Math.min(dumpedAt, ...ends.filter((end) => Number.isFinite(end))))
}

/** A package body needs its package. */
function order({ kind }: CodeContent): number {
  return ['package', 'package body', 'procedure', 'function'].indexOf(kind)
}

function tableContent(table: ImportedTable): TableContent {
  const { schema, definition, ddl, triggers, form, rows } = table
  const { name, engine } = definition
  return {
    name,
    ddl,
    engine,
    isTransactional: transactionalEngines.has(engine.toUpperCase()),
    ...(hasObject(table) ? { object: tableObjectName(schema, name) } : {}),
    columns: (form?.columns ?? []).flatMap((column) =>
      column === undefined ? [] : [{ name: column.name, encoding: column.encoding }],
    ),
    rows,
    hasHistory: hasHistory(definition, form),
    isInsertOnly: definition.isVersioned || definition.isWithoutOverlaps,
    isImported: true,
    triggers,
  }
}

function hasObject({ definition, rows }: ImportedTable): boolean {
  return rows > 0 || !rowlessEngines.has(definition.engine.toUpperCase())
}

/** What an intake has taken of the rows of a table. */
export function addRows(
  table: ImportedTable,
  { chunks, rows }: { readonly chunks: readonly ObjectChunk[]; readonly rows: number },
): void {
  for (const chunk of chunks) table.chunks.push(chunk)
  table.rows += rows
}

/** Rows that say when they began and ended. */
function hasHistory(definition: DumpedTable, form: RowForm | undefined): boolean {
  if (!definition.isVersioned || form === undefined) return false
  const declared = definition.columns.filter(({ generation }) => /^ROW (?:START|END)$/.test(generation))
  const names =
    declared.length === 2 ? declared.map(({ name }) => name.toLowerCase()) : ['row_start', 'row_end']
  return names.every((name) => form.columns.some((column) => column?.name.toLowerCase() === name))
}

function signatureOf({ columns }: RowForm): string {
  return JSON.stringify(columns.map((column) => (column === undefined ? '' : [column.name, column.encoding])))
}
