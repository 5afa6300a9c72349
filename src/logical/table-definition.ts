// One table: its DDL, its columns and how each of them is selected.
import { HoldfastError } from '../core/errors.ts'
import { quoteName, quoteQualified, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { numberOf, textOf, textOrNull } from '../wire/row-values.ts'
import { ByteQuery } from './byte-rows.ts'
import type { ColumnContent } from './content.ts'
import type { ColumnFacts, LogicalDialect } from './dialect.ts'
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
  /** Reads all rows; absent where only the definition is kept. */
  readonly select: string | undefined
  readonly hasHistory: boolean
  /** The table has rows of the past that cannot be carried. */
  readonly isHistoryLost: boolean
  readonly isInsertOnly: boolean
  /** Stored columns whose values may depend on the time zone of whoever wrote the row. */
  readonly zonedColumns: readonly string[]
}

/** Engines whose rows lie elsewhere, or nowhere. */
const definitionOnlyEngines = new Set(
  'MRG_MyISAM FEDERATED BLACKHOLE CONNECT SPIDER OQGRAPH SPHINX PERFORMANCE_SCHEMA VP'
    .split(' ')
    .map((name) => name.toUpperCase()),
)

export async function listRelations(connection: Connection, schema: string): Promise<readonly Relation[]> {
  const rows = await connection.query(
    `SELECT t.TABLE_NAME AS name, t.TABLE_TYPE AS type, t.ENGINE AS engine, t.TABLE_COMMENT AS comment,
       COALESCE(g.TRANSACTIONS, 'NO') AS trx, COALESCE(t.DATA_LENGTH, 0) AS bytes, COALESCE(t.TABLE_ROWS, 0) AS estimate,
       COALESCE(t.CREATE_TIME, '') AS createdAt
     FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES g ON g.ENGINE = t.ENGINE
     WHERE t.TABLE_SCHEMA = ${quoteText(schema)} ORDER BY 1`,
  )
  const keyed = await connection.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLE_CONSTRAINTS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND CONSTRAINT_TYPE = 'PRIMARY KEY'`,
  )
  const withKey = new Set(keyed.map((row) => textOf(row, 'name')))
  return rows.map((row) => {
    const name = textOf(row, 'name')
    const type = textOf(row, 'type')
    const isTransactional = textOf(row, 'trx') === 'YES'
    return {
      kind: type === 'VIEW' || type === 'SYSTEM VIEW' ? 'view' : type === 'SEQUENCE' ? 'sequence' : 'table',
      name,
      type,
      engine: textOrNull(row, 'engine') ?? '',
      isTransactional,
      estimatedBytes: numberOf(row, 'bytes'),
      estimatedRows: numberOf(row, 'estimate'),
      hasPrimaryKey: withKey.has(name),
      // ARCHIVE tells the time of the last write.
      createdAt: isTransactional ? textOf(row, 'createdAt') : '',
      comment: textOrNull(row, 'comment') ?? '',
    }
  })
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
  const ddl = await readTableDdl(connection, query, schema, name)
  const facts = await readColumns(connection, schema, name)
  const history = dialect.history(relation.type, facts)
  const isKept = !definitionOnlyEngines.has(engine.toUpperCase())
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
  return {
    name,
    ddl,
    engine,
    isTransactional: relation.isTransactional,
    estimatedBytes: relation.estimatedBytes,
    estimatedRows: relation.estimatedRows,
    createdAt: relation.createdAt,
    columns: plans.map(({ name: column, encoding }) => ({ name: column, encoding })),
    select: isKept
      ? `SELECT ${expressions.join(', ')} FROM ${qualified}${hasHistory ? ' FOR SYSTEM_TIME ALL' : ''}${index}`
      : undefined,
    hasHistory,
    isHistoryLost: history.kind === 'lost',
    // LOAD DATA does not know the hidden columns of history, and REPLACE would make history; it is refused WITHOUT OVERLAPS.
    isInsertOnly: history.kind !== 'none' || / WITHOUT OVERLAPS\)/.test(ddl),
    zonedColumns: zonedColumns(facts),
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
