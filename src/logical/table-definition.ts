// One table: its DDL, its columns and how each of them is selected.
import { HoldfastError } from '../core/errors.ts'
import { quoteName, quoteQualified, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOf, textOrNull } from '../wire/row-values.ts'
import { ByteQuery } from './byte-rows.ts'
import { modalColumns } from './computed-values.ts'
import type { ColumnContent } from './content.ts'
import type { ColumnFacts, LogicalDialect } from './dialect.ts'
import { withLostCharacters } from './lost-characters.ts'
import { readTableDdl } from './table-ddl.ts'

/** A table, view or sequence, before its definition is read. */
export interface Relation {
  readonly kind: 'table' | 'view' | 'sequence'
  readonly name: string
  /** information_schema's TABLE_TYPE. */
  readonly type: string
  readonly engine: string
  readonly isTransactional: boolean
  readonly estimatedBytes: number
  readonly estimatedRows: number
  readonly hasPrimaryKey: boolean
  /** Tells tables of one name and one DDL apart, where the engine keeps it; '' elsewhere. */
  readonly createdAt: string
  /** For a view 'VIEW', or what is wrong with it. */
  readonly comment: string
}

export interface TableDefinition {
  readonly name: string
  readonly ddl: string
  readonly engine: string
  readonly isTransactional: boolean
  readonly estimatedBytes: number
  readonly estimatedRows: number
  readonly createdAt: string
  readonly columns: readonly ColumnContent[]
  /** How each of the columns is selected. */
  readonly expressions: readonly string[]
  /** What follows them in a SELECT. */
  readonly from: string
  /** Reads all rows; absent where only the definition is kept. */
  readonly select: string | undefined
  /** Only rows for which this is true are read. */
  readonly where?: string
  readonly hasHistory: boolean
  /** The table has rows of the past that cannot be carried. */
  readonly isHistoryLost: boolean
  readonly isInsertOnly: boolean
  /** Stored columns whose values may depend on the sql_mode of whoever wrote the row. */
  readonly modalColumns: readonly string[]
  /** Stored columns whose values may depend on the time zone of whoever wrote the row. */
  readonly zonedColumns: readonly string[]
  /** Columns whose definition shows a '?' that may be another character. */
  readonly unclearColumns: readonly string[]
}

/** Engines whose rows lie on another server or in another program, which may be away. */
const farEngines = new Set(['FEDERATED', 'CONNECT', 'SPIDER', 'OQGRAPH', 'SPHINX', 'VP'])
/** Engines whose rows are those of other tables, or none. */
export const rowlessEngines = new Set(['MRG_MYISAM', 'BLACKHOLE', 'PERFORMANCE_SCHEMA'])

function isFar(engine: string): boolean {
  return farEngines.has(engine.toUpperCase())
}

export async function listRelations(connection: Connection, schema: string): Promise<readonly Relation[]> {
  const rows = await connection.query(
    `SELECT t.TABLE_NAME AS name, t.TABLE_TYPE AS type, t.ENGINE AS engine, COALESCE(g.TRANSACTIONS, 'NO') AS trx
     FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES g ON g.ENGINE = t.ENGINE
     WHERE t.TABLE_SCHEMA = ${quoteText(schema)} ORDER BY 1`,
  )
  const engines = new Map(rows.map((row) => [textOf(row, 'name'), textOrNull(row, 'engine') ?? '']))
  const keyed = await queryTables(
    connection,
    `SELECT TABLE_NAME AS name FROM information_schema.TABLE_CONSTRAINTS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND CONSTRAINT_TYPE = 'PRIMARY KEY'`,
    engines,
  )
  const withKey = new Set(keyed.map((row) => textOf(row, 'name')))
  const statistics = await queryTables(
    connection,
    `SELECT TABLE_NAME AS name, COALESCE(DATA_LENGTH, 0) AS bytes, COALESCE(TABLE_ROWS, 0) AS estimate,
       COALESCE(CREATE_TIME, '') AS createdAt, TABLE_COMMENT AS comment
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(schema)}`,
    engines,
  )
  const byName = new Map(statistics.map((row) => [textOf(row, 'name'), row]))
  return rows.map((row) => {
    const name = textOf(row, 'name')
    const type = textOf(row, 'type')
    const isTransactional = textOf(row, 'trx') === 'YES'
    const found = byName.get(name)
    return {
      kind: type === 'VIEW' || type === 'SYSTEM VIEW' ? 'view' : type === 'SEQUENCE' ? 'sequence' : 'table',
      name,
      type,
      engine: engines.get(name) ?? '',
      isTransactional,
      estimatedBytes: found === undefined ? 0 : numberOf(found, 'bytes'),
      estimatedRows: found === undefined ? 0 : numberOf(found, 'estimate'),
      hasPrimaryKey: withKey.has(name),
      // ARCHIVE tells the time of the last write.
      createdAt: isTransactional && found !== undefined ? textOf(found, 'createdAt') : '',
      // What is wrong with a view is seen only where the server had to open it.
      comment: found === undefined ? '' : (textOrNull(found, 'comment') ?? ''),
    }
  })
}

/**
 * For what `query` asks about tables of a schema the server opens each of them, and FEDERATED asks the server with its rows: where that
 * is away, all of the query fails. Then only an exact name keeps the server from opening the others.
 */
async function queryTables(
  connection: Connection,
  query: string,
  engines: ReadonlyMap<string, string>,
): Promise<readonly Row[]> {
  if (![...engines.values()].some(isFar)) return connection.query(query)
  const rows: Row[] = []
  for (const [name, engine] of engines) {
    if (isFar(engine)) continue
    rows.push(...(await connection.query(`${query} AND TABLE_NAME = ${quoteText(name)}`)))
  }
  return rows
}

export async function readTable(
  connection: Connection,
  dialect: LogicalDialect,
  schema: string,
  relation: Relation,
  query = new ByteQuery(),
): Promise<TableDefinition> {
  const { name, engine } = relation
  const qualified = quoteQualified(schema, name)
  const shown = await readTableDdl(connection, query, schema, name)
  const facts = await readColumns(connection, schema, name)
  const { ddl, unclear } = await withLostCharacters(connection, dialect, {
    schema,
    name,
    ddl: shown,
    columns: facts,
  })
  const history = dialect.history(relation.type, facts)
  const isKept = !isFar(engine) && !rowlessEngines.has(engine.toUpperCase())
  const stored = [
    ...facts.filter((column) => !dialect.isGenerated(column)),
    ...(history.kind === 'kept' ? history.columns : []),
  ]
  const plans = stored.map((column) => {
    const plan = dialect.columnPlan(column)
    if (plan === undefined) {
      throw new HoldfastError(
        'UNSUPPORTED',
        `column ${column.name} of ${schema}.${name} has the unknown type ${column.fullType}`,
        { schema, table: name, column: column.name, type: column.fullType },
      )
    }
    return { ...plan, name: column.name }
  })
  const hasHistory = history.kind === 'kept'
  // In the order of the primary key: that is how InnoDB likes them back. FORCE INDEX, because a covering index could win.
  const index = relation.hasPrimaryKey && relation.isTransactional ? ' FORCE INDEX (PRIMARY)' : ''
  const expressions = plans.map((plan) => plan.select(quoteName(plan.name)))
  const from = `FROM ${qualified}${hasHistory ? ' FOR SYSTEM_TIME ALL' : ''}${index}`
  return {
    name,
    ddl,
    engine,
    isTransactional: relation.isTransactional,
    estimatedBytes: relation.estimatedBytes,
    estimatedRows: relation.estimatedRows,
    createdAt: relation.createdAt,
    columns: plans.map(({ name: column, encoding }) => ({ name: column, encoding })),
    expressions,
    from,
    select: isKept ? `SELECT ${expressions.join(', ')} ${from}` : undefined,
    hasHistory,
    isHistoryLost: history.kind === 'lost',
    // LOAD DATA does not know the hidden columns of history, and REPLACE would make history; it is refused WITHOUT OVERLAPS.
    isInsertOnly: history.kind !== 'none' || / WITHOUT OVERLAPS\)/.test(ddl),
    modalColumns: modalColumns(facts),
    zonedColumns: zonedColumns(facts),
    unclearColumns: unclear,
  }
}

/** A TIMESTAMP is shown in the session's zone; so is what a generated column makes of it, directly or through another. */
function zonedColumns(columns: readonly ColumnFacts[]): readonly string[] {
  const zoned = new Set(columns.filter(({ type }) => type === 'timestamp').map(({ name }) => name))
  const stored: string[] = []
  for (const { name, generation, extra } of columns) {
    if (![...zoned].some((other) => generation.includes(quoteName(other)))) continue
    zoned.add(name)
    if (/\bSTORED GENERATED\b/.test(extra)) stored.push(name)
  }
  return stored
}

async function readColumns(connection: Connection, schema: string, table: string): Promise<ColumnFacts[]> {
  const rows = await connection.query(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS fullType, EXTRA AS extra,
       COALESCE(GENERATION_EXPRESSION, '') AS generation
     FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} ORDER BY ORDINAL_POSITION`,
  )
  return rows.map((row) => ({
    name: textOf(row, 'name'),
    type: textOf(row, 'type').toLowerCase(),
    fullType: textOf(row, 'fullType'),
    extra: textOf(row, 'extra'),
    generation: textOf(row, 'generation'),
  }))
}
