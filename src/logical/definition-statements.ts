// The statements that make everything of a backup but its rows, in the sessions and in the order in which they must run.
import { HoldfastError } from '../core/errors.ts'
import { formatNames } from '../core/name-list.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { quoteName, quoteQualified, quoteText } from '../instance/sql-text.ts'
import { statementBytes } from './code.ts'
import type { CodeContent, LogicalContent, SchemaContent, SequenceContent, TableContent } from './content.ts'
import { keptSelection } from './name-case.ts'
import {
  exclusionOf,
  type Selection,
  selectsCode,
  selectsSchema,
  selectsTable,
  withoutExclusion,
} from './selection.ts'

/** Views need routines, triggers may need both, and events may run as soon as they are there. */
export const codeOrder = ['routines', 'views', 'triggers', 'events'] as const

/** `session`: sets the scene for what follows. `create`: the settings of one part, and its statement in the character set they name. */
export type CodeStep =
  | { readonly kind: 'session'; readonly sql: string }
  | {
      readonly kind: 'create'
      /** 'view shop.totals' */
      readonly object: string
      readonly settings: string
      readonly bytes: Buffer
      readonly charset: string
    }

/**
 * The schemas of a backup with what is selected of them.
 * @throws HoldfastError USAGE naming what is selected and not there: restoring nothing must not look like success
 */
export function selectContent(content: LogicalContent, wanted: Selection): readonly SchemaContent[] {
  const selection = keptSelection(wanted, content.server.lowerCaseTableNames)
  refuseAbsent(content, selection)
  return content.schemas
    .filter((schema) => selectsSchema(selection, schema.name))
    .map((schema) => {
      const isCode = selectsCode(selection, schema.name)
      const isSelected = ({ name }: { readonly name: string }) => selectsTable(selection, schema.name, name)
      return {
        ...schema,
        sequences: schema.sequences.filter(isSelected),
        tables: schema.tables.filter(isSelected),
        views: schema.views.filter(isSelected),
        routines: isCode ? schema.routines : [],
        events: isCode ? schema.events : [],
      }
    })
}

const shownSchemas = 20

function refuseAbsent(content: LogicalContent, selection: Selection): void {
  const schemas = new Map(content.schemas.map((schema) => [schema.name, schema]))
  const hasRelation = ({ schema, name }: TableName) => {
    const { tables = [], views = [], sequences = [] } = schemas.get(schema) ?? {}
    return [...tables, ...views, ...sequences].some((relation) => relation.name === name)
  }
  const absentTables = (tables: readonly TableName[]) =>
    tables.filter((table) => !hasRelation(table)).map(({ schema, name }) => `table ${schema}.${name}`)
  // Among what is chosen: what would be left out of the others is a mistake.
  const absentExclusions = (from: Selection) => {
    const { schemas: excluded = [], tables = [] } = exclusionOf(from) ?? {}
    const isChosen = (schema: string) => selectsSchema(withoutExclusion(from), schema)
    return [
      ...excluded
        .filter((name) => !schemas.has(name) || !isChosen(name))
        .map((name) => `schema ${name} to exclude`),
      ...absentTables(tables.filter(({ schema }) => isChosen(schema))),
      ...tables
        .filter(({ schema }) => !isChosen(schema))
        .map(({ schema, name }) => `table ${schema}.${name} to exclude`),
    ]
  }
  const absent: string[] =
    selection.kind === 'schemas'
      ? selection.schemas.filter((name) => !schemas.has(name)).map((name) => `schema ${name}`)
      : selection.kind === 'tables'
        ? absentTables(selection.tables)
        : []
  absent.push(...absentExclusions(selection))
  if (absent.length === 0) return
  // As they are to be written.
  const names = [...schemas.keys()].map((name) => formatNames([name]))
  const more = names.length > shownSchemas ? ` and ${names.length - shownSchemas} more` : ''
  throw new HoldfastError(
    'USAGE',
    `the backup has no ${absent.join(', no ')}`,
    { absent: absent.join(', ') },
    {
      hint: `It holds ${names.length === 0 ? 'no schema' : `${names.slice(0, shownSchemas).join(', ')}${more}`}.`,
    },
  )
}

/**
 * Creates a table that is about to get its rows. ARCHIVE takes keys of AUTO_INCREMENT in rising order only (1022): with the counter of its end
 * the table would refuse every row, and without one its last row sets the same.
 */
export function tableStatement({ ddl, engine, rows }: TableContent): string {
  return isRisingOnly(engine) && rows > 0
    ? ddl.replace(/^(\) ENGINE=ARCHIVE) AUTO_INCREMENT=\d+/m, '$1')
    : ddl
}

/** The engine takes rows in the order of their key alone: several sessions cannot load a table. */
export function isRisingOnly(engine: string): boolean {
  return engine.toUpperCase() === 'ARCHIVE'
}

/** Before all tables: their defaults may name them. */
export function sequenceStatements(schema: SchemaContent): readonly string[] {
  return schema.sequences.flatMap((sequence) => [sequence.ddl, sequenceValue(schema.name, sequence)])
}

/** Never moves a sequence back. */
export function sequenceValue(schema: string, { name, next, cycle }: SequenceContent): string {
  return `DO SETVAL(${quoteQualified(schema, name)}, ${next}, 0, ${cycle})`
}

export function codeOf(
  schema: SchemaContent,
  kind: Exclude<(typeof codeOrder)[number], 'views'>,
): readonly CodeContent[] {
  return kind === 'triggers' ? schema.tables.flatMap((table) => table.triggers) : schema[kind]
}

/** Creates parts of one schema one after the other, each in the session that it was made in. `afterCode` is due afterwards. */
export function* codeSteps(schema: SchemaContent, parts: readonly CodeContent[]): Generator<CodeStep> {
  if (parts.length === 0) return
  yield* use(schema)
  let collation = schema.collation
  // Parameters and variables of routines take the collation that their schema had at that time.
  function* alterTo(wanted: string): Generator<CodeStep> {
    if (wanted === collation) return
    collation = wanted
    yield session('SET NAMES utf8mb4')
    yield session(`ALTER DATABASE ${quoteName(schema.name)} COLLATE ${quoteName(wanted)}`)
    yield* use(schema)
  }
  for (const part of parts) {
    if (part.collationDatabase !== undefined) yield* alterTo(part.collationDatabase)
    const bytes = statementBytes(part.statement)
    const object = `${part.kind} ${schema.name}.${part.name}`
    yield { kind: 'create', object, settings: settingsOf(part), bytes, charset: part.charsetClient }
  }
  yield* alterTo(schema.collation)
}

/** The session settings for loading rows again. */
export function afterCode(settings: { readonly sqlMode: string }): readonly string[] {
  return [
    `SET SESSION sql_mode = ${quoteText(settings.sqlMode)}, SESSION time_zone = '+00:00', SESSION timestamp = DEFAULT`,
    'SET NAMES utf8mb4',
  ]
}

function settingsOf(part: CodeContent): string {
  const settings = [
    `sql_mode = ${quoteText(part.sqlMode)}`,
    `SESSION character_set_client = ${quoteName(part.charsetClient)}`,
    `SESSION collation_connection = ${quoteName(part.collationConnection)}`,
    `SESSION time_zone = ${quoteText(part.timeZone ?? '+00:00')}`,
    // An event whose time has passed would be dropped at once; at the time it was made it had not.
    `SESSION timestamp = ${part.createdAt ?? 'DEFAULT'}`,
  ]
  return `SET SESSION ${settings.join(', ')}`
}

/** The session may still have the character set of the client that made the part before; names are sent in utf8mb4. */
function* use(schema: SchemaContent): Generator<CodeStep> {
  yield session('SET NAMES utf8mb4')
  yield session(`USE ${quoteName(schema.name)}`)
}

function session(sql: string): CodeStep {
  return { kind: 'session', sql }
}
