// One table for another kind of server: every clause of its definition, and how its rows are written.
import { HoldfastError } from '../../core/errors.ts'
import type { ColumnContent, TableContent } from '../content.ts'
import { type Clause, tableClauses } from '../deferred-indexes/table-clauses.ts'
import { type TakenNames, translatedCheck } from './checks.ts'
import { missingCharsets, withCollations } from './collation-words.ts'
import { type ColumnText, columnClause, columnText, hasAttribute } from './column-text.ts'
import { translatedColumn } from './columns.ts'
import { isWord, tokensIn, unwrapped } from './ddl-text.ts'
import { engineFor, translatedTail } from './engine.ts'
import { type Period, translatedKey } from './keys.ts'
import { withKnownLiterals } from './literals.ts'
import type { Tell } from './report.ts'
import type { RowChange } from './row-change.ts'
import { featuresOf, type ServerFeatures, type ServerKind } from './server-features.ts'
import type { TableContext } from './table-context.ts'
import { tableTail, tailText } from './table-options.ts'
import type { TargetServer } from './target-server.ts'
import { hasOwnCollation, isText } from './text-keys.ts'

export interface TranslatedTable {
  readonly table: TableContent
  /** How its rows are changed on their way; absent where they are not. */
  readonly rowChange?: RowChange
}

export interface TableRequest {
  /** `table shop.orders` */
  readonly object: string
  readonly table: TableContent
  readonly source: ServerKind
  readonly target: TargetServer
  readonly tell: Tell
  /** Of the schema. */
  readonly takenChecks: TakenNames
}

/** @throws HoldfastError UNSUPPORTED naming a table that cannot be had on the target in any way */
export function translatedTable({
  object,
  table,
  source,
  target,
  tell,
  takenChecks,
}: TableRequest): TranslatedTable {
  const ddl = unwrapped(table.ddl, object)
  const parts = tableClauses(ddl)
  if (parts === undefined) throw unsupported(object, 'its definition cannot be read')
  const features = featuresOf(target)
  const before = tableTail(parts.tail, object)
  const context: TableContext = {
    object,
    source,
    target,
    features,
    tell,
    keyColumns: namesInKeys(parts.clauses, object),
    isOtherFlavour: source.flavour !== target.flavour,
  }
  const columns = columnsOf(parts.clauses, context)
  const engine = engineFor(before, table.object !== undefined, context)
  const tail = translatedTail(before, engine, context)
  const clauses = translatedClauses(parts.clauses, { columns, takenChecks }, context)
  const body = `${parts.head}\n  ${clauses.join(',\n  ')}\n`
  // That of the table counts where a column has none of its own.
  const tellOfTable = hasTextWithoutCollation(columns) ? tell : silent
  const text = withCollations(body, target, tell) + withCollations(tailText(tail), target, tellOfTable)
  const missing = missingCharsets(text, target)
  if (missing.length > 0)
    throw unsupported(object, `${target.flavour} has no character set ${missing.join(', ')}`)
  tellOfPlaces(columns, context)
  return {
    table: {
      ...contentOf(table, columns, features),
      ddl: text,
      engine: engine.name,
      isTransactional: engine.isReplaced || table.isTransactional,
      isInsertOnly:
        (table.hasHistory && features.systemVersioning) || / WITHOUT OVERLAPS\)/.test(clauses.join('\n')),
    },
    ...rowChangeOf(table, context),
  }
}

const silent: Tell = () => undefined

function hasTextWithoutCollation({ translated }: Columns): boolean {
  return [...translated.values()].some(
    (column) => column !== undefined && isText(column) && !hasOwnCollation(column),
  )
}

interface Columns {
  /** By name, in the order of the table; undefined where the target has not the column. */
  readonly translated: ReadonlyMap<string, ColumnText | undefined>
  readonly own: ReadonlyMap<string, ColumnText>
}

function columnsOf(clauses: readonly Clause[], context: TableContext): Columns {
  const own = clauses
    .filter((clause) => clause.kind === 'column')
    .map((clause) => columnText(clause.text, context.object))
  return {
    own: new Map(own.map((column) => [column.name, column])),
    translated: new Map(own.map((column) => [column.name, translatedColumn(column, context)])),
  }
}

function translatedClauses(
  clauses: readonly Clause[],
  { columns, takenChecks }: { readonly columns: Columns; readonly takenChecks: TakenNames },
  context: TableContext,
): readonly string[] {
  const periods = clauses.flatMap((clause) => periodOf(clause, context.object))
  const dropped = new Set([...columns.translated].filter(([, to]) => to === undefined).map(([name]) => name))
  const generated = new Set(
    [...columns.own.values()].filter((one) => hasAttribute(one, 'generated')).map(({ name }) => name),
  )
  const counters = new Set(
    [...columns.own.values()].filter((one) => hasAttribute(one, 'auto_increment')).map(({ name }) => name),
  )
  const translate = (clause: Clause): string | undefined => {
    if (clause.kind === 'column') {
      const to = columns.translated.get(clause.name)
      return to === undefined ? undefined : columnClause(to)
    }
    if (clause.kind === 'key') return translatedKey(clause, { periods, dropped, generated }, context)
    if (clause.kind === 'check')
      return translatedCheck(clause.text, { taken: takenChecks, counters }, context)
    return clause.kind === 'foreign' ? clause.text : otherClause(clause.text, context)
  }
  return clauses.flatMap((clause) => translate(clause) ?? []).map((text) => withKnownLiterals(text, context))
}

function periodOf(clause: Clause, object: string): readonly Period[] {
  if (clause.kind !== 'unknown' || !/^PERIOD\b/i.test(clause.text)) return []
  const names = tokensIn(clause.text, object)
    .filter(({ kind }) => kind === 'name')
    .map(({ value }) => value)
  const [name, start, end] = names
  return name === undefined || start === undefined || end === undefined ? [] : [{ name, start, end }]
}

/** Periods and keys over vectors. */
function otherClause(text: string, { object, features, tell }: TableContext): string | undefined {
  const [first, , , name] = tokensIn(text, object)
  if (isWord(first, 'PERIOD') && !features.systemVersioning) {
    if (name?.kind === 'name' || !/SYSTEM_TIME/i.test(text)) tell('dropped', text.replaceAll('`', ''))
    return undefined
  }
  if (isWord(first, 'VECTOR') && !features.vectorKeys) {
    tell('dropped', `key ${/`((?:[^`]|``)*)`/.exec(text)?.[1] ?? ''}: it is over a vector`)
    return undefined
  }
  return text
}

function namesInKeys(clauses: readonly Clause[], object: string): ReadonlySet<string> {
  const keys = clauses.filter(
    ({ kind, text }) => kind === 'key' || kind === 'foreign' || /^VECTOR\b/i.test(text),
  )
  return new Set(
    keys.flatMap(({ text }) =>
      tokensIn(text, object)
        .filter(({ kind }) => kind === 'name')
        .map(({ value }) => value),
    ),
  )
}

const spatialTypes = /^(?:geometry|point|linestring|polygon|multi\w+|geom(?:etry)?collection)$/

/** MySQL keeps and prints latitude and longitude in the order of the reference system. */
function tellOfPlaces({ own }: Columns, { isOtherFlavour, tell }: TableContext): void {
  const places = [...own.values()].filter(({ type }) => spatialTypes.test(type)).map(({ name }) => name)
  if (!isOtherFlavour || places.length === 0) return
  tell(
    'differs',
    `column ${places.join(', ')}: the same bytes; but what has a geographic SRID (4326) is read and written as longitude, latitude on MariaDB, and as latitude, longitude on MySQL`,
  )
}

function contentOf(table: TableContent, columns: Columns, features: ServerFeatures): TableContent {
  const { ranges: _ranges, computed: _computed, ...rest } = table
  const keepsHistory = features.systemVersioning
  const isCut = table.hasHistory && !keepsHistory
  const kept = isCut ? table.columns.slice(0, -2) : table.columns
  return {
    ...rest,
    hasHistory: table.hasHistory && keepsHistory,
    columns: kept.map((column) => ({ ...column, encoding: encodingFor(column, columns, features) })),
  }
}

function encodingFor(
  { name, encoding }: ColumnContent,
  { own, translated }: Columns,
  features: ServerFeatures,
): ColumnContent['encoding'] {
  const [from, to] = [own.get(name)?.type, translated.get(name)?.type]
  const isJson = to === 'json' && features.json === 'type'
  // The text of JSON is what LONGTEXT holds; and what was text goes into JSON as text.
  if (encoding === 'json') return isJson ? encoding : 'plain'
  return isJson && from !== 'json' ? 'utf8' : encoding
}

function rowChangeOf(
  { hasHistory }: TableContent,
  { source, features }: TableContext,
): { readonly rowChange?: RowChange } {
  if (!hasHistory) return {}
  if (!features.systemVersioning) return { rowChange: { kind: 'current-only' } }
  const to = features.endOfTime
  return featuresOf(source).endOfTime === to ? {} : { rowChange: { kind: 'end-of-time', to } }
}

function unsupported(object: string, why: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${object} cannot be translated: ${why}`,
    { object },
    { hint: 'Leave it out with --exclude, or change it on the source and take another backup.' },
  )
}
