// Collects what a dump defines and holds, and makes the content of a backup of it.
import type { BackupObject } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { keptStatement } from '../code.ts'
import type { CodeContent, SchemaContent } from '../content.ts'
import type { LogicalDialect } from '../dialect.ts'
import { tableObjectName } from '../read-tables.ts'
import { type RowForm, rowForm } from './column-forms.ts'
import { hasObject, isCharsetUnsaid, schemaContent } from './imported-content.ts'
import { hasHistory, type ImportedSchema, type ImportedTable } from './imported-parts.ts'
import type { ModeOf } from './likely-mode.ts'
import { sequenceOf } from './sequence-row.ts'
import type { DumpSession } from './session.ts'
import { type Place, refused } from './sql-reader.ts'
import type { DumpedColumn, DumpedTable } from './table-columns.ts'

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

export class ImportBuilder {
  readonly #dialect: LogicalDialect
  readonly #modeOf: ModeOf
  readonly #schemas = new Map<string, ImportedSchema>()
  readonly #foreign = new Set<string>()
  readonly warnings: string[] = []
  #latest: ImportedTable | undefined

  /** By default code is kept with the mode of its session. */
  constructor(dialect: LogicalDialect, modeOf: ModeOf = (_kind, _statement, sqlMode) => sqlMode) {
    this.#dialect = dialect
    this.#modeOf = modeOf
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
      sequenceTables: new Set(),
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
      schema.sequenceTables.add(name)
      return
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
    this.schema(schemaName).sequences.set(name, { ddl, next: undefined, cycle: '0' })
  }

  /** Of programs that know no sequences and take them for tables. */
  isSequenceTable(schemaName: string, name: string): boolean {
    return this.#schemas.get(schemaName)?.sequenceTables.has(name) === true
  }

  /** The row of such a table. @throws HoldfastError UNSUPPORTED where it is another one */
  defineSequenceByRow(schemaName: string, name: string, row: readonly string[], place: Place): void {
    const schema = this.schema(schemaName)
    const sequence = sequenceOf(name, row)
    if (sequence === undefined) {
      throw refused(place, `${schemaName}.${name} is a sequence, and its row is not known`)
    }
    schema.sequenceTables.delete(name)
    schema.sequences.set(name, sequence)
  }

  hasSequence(schemaName: string, name: string): boolean {
    return this.#schemas.get(schemaName)?.sequences.has(name) === true
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
      sqlMode: this.#modeOf(kind, statement, session.sqlMode),
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
      .map((schema) => {
        if (isCharsetUnsaid(schema)) {
          this.warnings.push(
            `the dump does not say the character set of schema ${schema.name}: a restore makes it with the default of its target`,
          )
        }
        return schemaContent(schema, createdAt)
      })
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

  /** Tables with hidden columns of which the rows of the dump have nothing. */
  hiddenLost(): readonly string[] {
    return this.#tableNames(({ definition, form, rows }) => {
      const given = new Set(form?.columns.map((column) => column?.name))
      const isLost = (column: DumpedColumn): boolean =>
        column.isInvisible && !this.#dialect.isGenerated(column) && !given.has(column.name)
      return rows > 0 && !definition.isVersioned && definition.columns.some(isLost)
    })
  }

  /** Triggers, routines or events: what runs in a mode of its own. */
  get hasRunningCode(): boolean {
    return [...this.#schemas.values()].some(
      ({ routines, events, tables }) =>
        routines.size > 0 ||
        events.size > 0 ||
        [...tables.values()].some(({ triggers }) => triggers.length > 0),
    )
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
}

function signatureOf({ columns }: RowForm): string {
  return JSON.stringify(columns.map((column) => (column === undefined ? '' : [column.name, column.encoding])))
}
