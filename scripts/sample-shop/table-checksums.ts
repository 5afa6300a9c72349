// What tells two servers' data and objects apart, asked in SQL: an exact checksum of each table's rows, and definitions.

/** Rows of one statement; every connection to a server can be wrapped into this. */
export type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

export interface TableChecksum {
  readonly table: string
  /** MariaDB's sequences are tables of one row. */
  readonly isSequence: boolean
  readonly rows: number
  /** Sum over the rows of 64 bits of a SHA-256 of each: the same whatever the order of the rows. */
  readonly sum: string
}

/**
 * Checksums of all tables (and MariaDB sequences) of a schema, by name. Not CHECKSUM TABLE: MariaDB gives different
 * figures there for equal rows of a table with a stored generated column, depending on how they were inserted.
 */
export async function checksumTables(query: Query, schema: string): Promise<readonly TableChecksum[]> {
  await query("SET time_zone = '+00:00'")
  const tables = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${text(schema)} AND TABLE_TYPE NOT LIKE '%VIEW' ORDER BY TABLE_NAME`,
  )
  const result: TableChecksum[] = []
  for (const { name, type: kind } of tables) {
    const table = String(name)
    const columns = await query(
      `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = ${text(schema)} AND TABLE_NAME = ${text(table)} ORDER BY ORDINAL_POSITION`,
    )
    const values = columns.map(({ name, type }) =>
      valueText(identifier(String(name)), String(type).toLowerCase()),
    )
    const [answer] = await query(
      `SELECT COUNT(*) AS number,
         CAST(SUM(CAST(CONV(LEFT(SHA2(CONCAT_WS('|', ${values.join(', ')}), 256), 16), 16, 10) AS UNSIGNED)) AS CHAR) AS total
       FROM ${identifier(schema)}.${identifier(table)}`,
    )
    // SUM over no rows is NULL.
    const total = answer?.['total']
    const sum = typeof total === 'string' ? total : '0'
    result.push({ table, isSequence: kind === 'SEQUENCE', rows: Number(answer?.['number']), sum })
  }
  return result
}

/** SQL for a text that is different for any two different values of a column; `~` stands for NULL and nothing else. */
function valueText(column: string, type: string): string {
  const isLong = /(blob|text|json|geometry|point|linestring|polygon|vector|collection)$/.test(type)
  if (isLong) return `COALESCE(SHA2(${column}, 256), '~')`
  if (/(char|binary|enum|set)$/.test(type)) return `COALESCE(HEX(${column}), '~')`
  // As a double: a FLOAT would be printed with six digits only.
  if (type === 'float') return `COALESCE(CAST(${column} + 0e0 AS CHAR), '~')`
  if (type === 'bit') return `COALESCE(HEX(${column} + 0), '~')`
  return `COALESCE(CAST(${column} AS CHAR), '~')`
}

/**
 * Definitions of everything of a schema that is not rows, and the grants of all accounts, a line each, by a name that
 * says what it is. Two servers of one version have equal answers when they hold the same.
 */
export async function describeObjects(query: Query, schema: string): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string>()
  const is = (column: string) => `${column} = ${text(schema)}`
  const questions: readonly (readonly [what: string, sql: string])[] = [
    [
      'view',
      `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS a, SECURITY_TYPE AS b, DEFINER AS c FROM information_schema.VIEWS WHERE ${is('TABLE_SCHEMA')}`,
    ],
    [
      'trigger',
      `SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS a, ACTION_TIMING AS b, EVENT_MANIPULATION AS c, EVENT_OBJECT_TABLE AS d, DEFINER AS e FROM information_schema.TRIGGERS WHERE ${is('TRIGGER_SCHEMA')}`,
    ],
    [
      'routine',
      `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS a, ROUTINE_DEFINITION AS b, ROUTINE_COMMENT AS c, SQL_DATA_ACCESS AS d, DEFINER AS e FROM information_schema.ROUTINES WHERE ${is('ROUTINE_SCHEMA')}`,
    ],
    [
      'event',
      `SELECT EVENT_NAME AS name, EVENT_DEFINITION AS a, STATUS AS b, INTERVAL_VALUE AS c, INTERVAL_FIELD AS d, STARTS AS e, DEFINER AS f FROM information_schema.EVENTS WHERE ${is('EVENT_SCHEMA')}`,
    ],
    [
      'foreign key',
      `SELECT CONSTRAINT_NAME AS name, TABLE_NAME AS a, REFERENCED_TABLE_NAME AS b, DELETE_RULE AS c FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ${is('CONSTRAINT_SCHEMA')}`,
    ],
    [
      'column',
      `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name, ORDINAL_POSITION AS a, COLUMN_TYPE AS b, IS_NULLABLE AS c, COLUMN_DEFAULT AS d, EXTRA AS e, GENERATION_EXPRESSION AS f, COLLATION_NAME AS g FROM information_schema.COLUMNS WHERE ${is('TABLE_SCHEMA')}`,
    ],
    [
      'privilege',
      "SELECT CONCAT(GRANTEE, ' ', PRIVILEGE_TYPE) AS name, IS_GRANTABLE AS a FROM information_schema.USER_PRIVILEGES",
    ],
    [
      'schema privilege',
      `SELECT CONCAT(GRANTEE, ' ', PRIVILEGE_TYPE) AS name, IS_GRANTABLE AS a FROM information_schema.SCHEMA_PRIVILEGES WHERE ${is('TABLE_SCHEMA')}`,
    ],
    [
      'column privilege',
      `SELECT CONCAT(GRANTEE, ' ', PRIVILEGE_TYPE, ' ', TABLE_NAME, '.', COLUMN_NAME) AS name, IS_GRANTABLE AS a FROM information_schema.COLUMN_PRIVILEGES WHERE ${is('TABLE_SCHEMA')}`,
    ],
  ]
  for (const [what, sql] of questions) {
    for (const { name, ...rest } of await query(sql)) {
      lines.set(`${what} ${String(name)}`, Object.values(rest).map(String).join(' | '))
    }
  }
  return lines
}

function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
