// Restores what one kind of server held into another kind, and looks at both with an independent client.
import assert from 'node:assert/strict'
import type { BackupSource } from '../../src/core/backup.ts'
import { inspectInstance } from '../../src/instance/instance-facts.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { mendTable } from '../../src/logical/translate/mend-table.ts'
import { relaxChecks } from '../../src/logical/translate/relax-checks.ts'
import type { TranslationEntry } from '../../src/logical/translate/report.ts'
import { readTargetServer } from '../../src/logical/translate/target-server.ts'
import { translateBackup } from '../../src/logical/translate/translate-backup.ts'
import { type TargetVerification, verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { Connection } from '../../src/wire/connection.ts'
import { MemoryBackup } from './memory-backup.ts'
import type { TestServer } from './servers.ts'
import { openWitness, type Witness } from './witness.ts'

export async function backupOf(server: TestServer): Promise<BackupSource> {
  const memory = new MemoryBackup()
  return memory.source(await dumpLogical({ settings: server.settings(), sink: memory }))
}

export interface Moved {
  /** `severity object: what`, with what the target refused. */
  readonly report: readonly string[]
  readonly warnings: readonly string[]
  readonly verified: TargetVerification
}

/** Translates, loads and compares. */
export async function moveTo(target: TestServer, backup: BackupSource): Promise<Moved> {
  const settings = target.settings()
  await using connection = await Connection.open(settings, {})
  const server = await readTargetServer(connection, await inspectInstance(connection), undefined)
  const translated = await translateBackup(backup, server, undefined)
  const refused: TranslationEntry[] = []
  const notCreated = new Set<string>()
  const loaded = await loadLogical({
    settings,
    backup: translated.backup,
    onRefused: (object, error) => {
      notCreated.add(object)
      refused.push({ object, what: error.message, severity: 'dropped' })
    },
    relax: relaxChecks,
    mend: mendTable,
  })
  const verified = await verifyTarget({ settings, backup: translated.backup, notCreated })
  return {
    report: [...translated.entries, ...loaded.changes, ...refused].map(
      ({ object, what, severity }) => `${severity} ${object}: ${what}`,
    ),
    warnings: loaded.warnings,
    verified,
  }
}

const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'"

/** Everything that has a name, as the report would name it: what is missing of it on the target must be told there. */
export async function objectsOf(server: TestServer): Promise<ReadonlySet<string>> {
  await using witness = await openWitness(server)
  const found = new Set<string>()
  const add = async (sql: string): Promise<void> => {
    for (const { name } of await witness.query(sql)) found.add(String(name))
  }
  await add(
    `SELECT CONCAT('schema ', SCHEMA_NAME) AS name FROM information_schema.SCHEMATA ${own('SCHEMA_NAME')}`,
  )
  await add(
    `SELECT CONCAT(CASE TABLE_TYPE WHEN 'VIEW' THEN 'view ' WHEN 'SEQUENCE' THEN 'sequence ' ELSE 'table ' END, TABLE_SCHEMA, '.', TABLE_NAME) AS name
     FROM information_schema.TABLES ${own('TABLE_SCHEMA')}`,
  )
  const inTable = `CONCAT('table ', TABLE_SCHEMA, '.', TABLE_NAME, ': `
  const noSequences = `AND TABLE_NAME IN (SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED'))`
  await add(
    `SELECT ${inTable}column ', COLUMN_NAME) AS name FROM information_schema.COLUMNS ${own('TABLE_SCHEMA')} ${noSequences}`,
  )
  await add(
    `SELECT DISTINCT ${inTable}key ', INDEX_NAME) AS name FROM information_schema.STATISTICS ${own('TABLE_SCHEMA')}`,
  )
  await add(
    `SELECT ${inTable}', LOWER(CONSTRAINT_TYPE), ' ', CONSTRAINT_NAME) AS name FROM information_schema.TABLE_CONSTRAINTS
     ${own('TABLE_SCHEMA')} AND CONSTRAINT_TYPE IN ('CHECK', 'FOREIGN KEY')`,
  )
  await add(
    `SELECT CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME) AS name FROM information_schema.TRIGGERS ${own('TRIGGER_SCHEMA')}`,
  )
  await add(
    `SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME) AS name FROM information_schema.ROUTINES ${own('ROUTINE_SCHEMA')}`,
  )
  await add(
    `SELECT CONCAT('event ', EVENT_SCHEMA, '.', EVENT_NAME) AS name FROM information_schema.EVENTS ${own('EVENT_SCHEMA')}`,
  )
  await add(
    `SELECT CONCAT('account ', User) AS name FROM mysql.user WHERE User NOT LIKE 'mysql.%' AND User NOT LIKE 'mariadb.%'`,
  )
  return found
}

function own(column: string): string {
  return `WHERE ${column} NOT IN (${systemSchemas})`
}

/** Every cell of every table that both have, by columns of the same name: in hex, as an independent client reads it. */
export async function cellDifferences(source: TestServer, target: TestServer): Promise<readonly string[]> {
  await using left = await openWitness(source)
  await using right = await openWitness(target)
  const differences: string[] = []
  const tables = `SELECT CONCAT(TABLE_SCHEMA, '\\0', TABLE_NAME) AS name FROM information_schema.TABLES
    WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN (${systemSchemas}) ORDER BY 1`
  for (const { name } of await left.query(tables)) {
    const [schema = '', table = ''] = String(name).split('\0')
    const columns = await commonColumns([left, right], schema, table)
    assert.ok(columns.length > 0, `${schema}.${table} has no column in common`)
    const cells = columns.map(({ name: column, isVector }) => {
      const quoted = quoteName(column)
      // MySQL does not make texts of vectors.
      return `COALESCE(HEX(${isVector ? quoted : `CONCAT('', ${quoted})`}), 'NULL')`
    })
    const sql = `SELECT ${cells.map((cell, at) => `${cell} AS c${at}`).join(', ')} FROM ${quoteName(schema)}.${quoteName(table)}`
    const [before, after] = await Promise.all([rowsOf(left, sql), rowsOf(right, sql)])
    if (before.length !== after.length)
      differences.push(`${schema}.${table}: ${before.length} rows, and ${after.length}`)
    else if (before.join('\n') !== after.join('\n')) {
      const at = columns.filter((_, column) => cellsOf(before, column) !== cellsOf(after, column))
      differences.push(`${schema}.${table}: ${at.map((column) => column.name).join(', ')}`)
    }
  }
  return differences
}

interface CommonColumn {
  readonly name: string
  readonly isVector: boolean
}

async function commonColumns(
  servers: readonly Witness[],
  schema: string,
  table: string,
): Promise<readonly CommonColumn[]> {
  const lists = await Promise.all(
    servers.map(async (server) => {
      const rows = await server.query(
        `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
         WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} ORDER BY ORDINAL_POSITION`,
      )
      return new Map(rows.map(({ name, type }) => [String(name), String(type)]))
    }),
  )
  const [first = new Map<string, string>(), second = new Map<string, string>()] = lists
  return [...first]
    .filter(([name]) => second.has(name))
    .map(([name, type]) => ({ name, isVector: type === 'vector' || second.get(name) === 'vector' }))
}

/** The cells of each row, in hex with commas between. */
async function rowsOf(server: Witness, sql: string): Promise<readonly string[]> {
  return (await server.query(sql)).map((row) => Object.values(row).map(String).join(',')).toSorted()
}

function cellsOf(rows: readonly string[], column: number): string {
  return rows
    .map((row) => row.split(',')[column] ?? '')
    .toSorted()
    .join()
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
