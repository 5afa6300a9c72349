// Tells in what two servers differ, seen by an independent client: every definition, every row, every account.
import type { TestServer } from './servers.ts'
import { openWitness, type Witness } from './witness.ts'

const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'"

/** One text for each thing that differs; none when the servers hold the same. AUTO_INCREMENT counters are not compared. */
export async function differencesBetween(one: TestServer, other: TestServer): Promise<string[]> {
  await using left = await openWitness(one)
  await using right = await openWitness(other)
  const differences: string[] = []
  const compare = async (what: string, sql: string): Promise<void> => {
    const [a, b] = await Promise.all([answer(left, sql), answer(right, sql)])
    if (a !== b) differences.push(`${what}: ${firstDifference(a, b)}`)
  }
  const schemas = `FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${systemSchemas}) ORDER BY 1`
  await compare('schemas', `SELECT SCHEMA_NAME ${schemas}`)
  for (const schema of await names(left, `SELECT SCHEMA_NAME AS name ${schemas}`)) {
    await compareSchema(left, schema, compare)
  }
  await compareAccounts(left, one.flavour, compare)
  return differences
}

type Compare = (what: string, sql: string) => Promise<void>

async function compareSchema(server: Witness, schema: string, compare: Compare): Promise<void> {
  const name = quoteName(schema)
  const text = quoteText(schema)
  await compare(`schema ${schema}`, `SHOW CREATE DATABASE ${name}`)
  await compare(
    `relations of ${schema}`,
    `SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${text} ORDER BY 1`,
  )
  for (const type of ['BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE', 'VIEW']) {
    const relations = await names(
      server,
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${text} AND TABLE_TYPE = '${type}' ORDER BY 1`,
    )
    for (const relation of relations) {
      const qualified = `${name}.${quoteName(relation)}`
      await compare(`definition of ${type} ${schema}.${relation}`, `SHOW CREATE TABLE ${qualified}`)
      if (type === 'VIEW') continue
      if (type !== 'BASE TABLE' || (await isChecksumSound(server, schema, relation))) {
        await compare(`checksum of ${schema}.${relation}`, `CHECKSUM TABLE ${qualified} EXTENDED`)
      }
      if (type === 'SEQUENCE') await compare(`state of ${schema}.${relation}`, `SELECT * FROM ${qualified}`)
      if (type === 'SYSTEM VERSIONED') {
        await compare(
          `history of ${schema}.${relation}`,
          `SELECT * FROM ${qualified} FOR SYSTEM_TIME ALL ORDER BY 1, 2`,
        )
      }
      if (type !== 'SEQUENCE') await compareHex(server, schema, relation, compare)
    }
  }
  for (const [what, columns, table, schemaColumn] of catalogs) {
    await compare(
      `${what} of ${schema}`,
      `SELECT ${columns} FROM information_schema.${table} WHERE ${schemaColumn} = ${text} ORDER BY 1, 2, 3`,
    )
  }
}

/** MariaDB counts a byte in that has no meaning where no column may be NULL: it is another one after FLUSH TABLES. */
async function isChecksumSound(server: Witness, schema: string, table: string): Promise<boolean> {
  const nullable = await names(
    server,
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} AND IS_NULLABLE = 'YES'`,
  )
  return nullable.length > 0
}

/** Every column of every row in hex: the bytes as they lie there, or for numbers their digits. */
async function compareHex(server: Witness, schema: string, table: string, compare: Compare): Promise<void> {
  const columns = await names(
    server,
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} ORDER BY ORDINAL_POSITION`,
  )
  const cells = columns.map((column) => `COALESCE(HEX(CONCAT('', ${quoteName(column)})), 'NULL')`)
  await compare(
    `bytes of ${schema}.${table}`,
    `SELECT SHA2(CONCAT_WS(',', ${cells.join(', ')}), 256) AS h FROM ${quoteName(schema)}.${quoteName(table)} ORDER BY h`,
  )
}

const catalogs = [
  [
    'views',
    'TABLE_NAME, HEX(VIEW_DEFINITION), CHECK_OPTION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION',
    'VIEWS',
    'TABLE_SCHEMA',
  ],
  [
    'triggers',
    'EVENT_OBJECT_TABLE, ACTION_TIMING, ACTION_ORDER, TRIGGER_NAME, EVENT_MANIPULATION, HEX(ACTION_STATEMENT), SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION',
    'TRIGGERS',
    'TRIGGER_SCHEMA',
  ],
  [
    'routines',
    'ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, HEX(ROUTINE_DEFINITION), IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION',
    'ROUTINES',
    'ROUTINE_SCHEMA',
  ],
  [
    'parameters',
    'SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, CHARACTER_SET_NAME, COLLATION_NAME',
    'PARAMETERS',
    'SPECIFIC_SCHEMA',
  ],
  [
    'events',
    'EVENT_NAME, DEFINER, TIME_ZONE, HEX(EVENT_DEFINITION), EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, STATUS, ON_COMPLETION, CREATED, EVENT_COMMENT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION',
    'EVENTS',
    'EVENT_SCHEMA',
  ],
] as const

async function compareAccounts(
  server: Witness,
  flavour: TestServer['flavour'],
  compare: Compare,
): Promise<void> {
  const account = "CONCAT(QUOTE(User), IF(Host = '', '', CONCAT('@', QUOTE(Host))))"
  const list = `SELECT ${account} AS name FROM mysql.user WHERE User NOT LIKE 'mysql.%' AND User NOT LIKE 'mariadb.%' ORDER BY 1`
  await compare('accounts', list)
  for (const name of await names(server, list)) {
    const isRole = flavour === 'mariadb' && !name.includes("'@'")
    await compare(`grants of ${name}`, `SHOW GRANTS FOR ${name === "'PUBLIC'" ? 'PUBLIC' : name}`)
    if (!isRole) await compare(`account ${name}`, `SHOW CREATE USER ${name}`)
  }
}

async function answer(server: Witness, sql: string): Promise<string> {
  try {
    const lines = (await server.query(sql)).map((row) => JSON.stringify(row))
    // The server lists roles in the order of its hash table.
    const rows = sql.startsWith('SHOW GRANTS') ? lines.toSorted() : lines
    return rows.join('\n').replaceAll(/ AUTO_INCREMENT=\d+/g, '')
  } catch (error) {
    return `failed: ${String(error)}`
  }
}

async function names(server: Witness, sql: string): Promise<string[]> {
  return (await server.query(sql)).map((row) => String(row['name']))
}

function firstDifference(left: string, right: string): string {
  let at = 0
  while (at < left.length && left[at] === right[at]) at++
  const from = Math.max(0, at - 40)
  return `${JSON.stringify(left.slice(from, from + 160))} against ${JSON.stringify(right.slice(from, from + 160))}`
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
