// The tables in which a target keeps how far a load has come, and the statements that write and read them.
import { quoteName, quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { LoadedText } from './loaded-text.ts'

/** Says that a ledger is whole: it is made last. */
export const loadTable = 'load_begun'
const rowsTable = 'rows_loaded'
const changesTable = 'changes_made'
const globalsTable = 'globals_held'

/** 'replaying': GTIDs tell how far, where there are any. 'differs': what was read back was not what the backup says. */
export const loadStates = ['loading', 'loaded', 'replaying', 'differs'] as const
export type LoadState = (typeof loadStates)[number]

const engine = 'ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
const ofTable = 'schema_name VARCHAR(64) NOT NULL, table_name VARCHAR(64) NOT NULL'
const count = 'BIGINT UNSIGNED NOT NULL'

/** Each does nothing where it was run before. */
export function createLedger(ledger: string): readonly string[] {
  const table = (name: string, columns: string) =>
    `CREATE TABLE IF NOT EXISTS ${quoteQualified(ledger, name)} (${columns}) ${engine}`
  return [
    `CREATE DATABASE IF NOT EXISTS ${quoteName(ledger)} DEFAULT CHARACTER SET utf8mb4`,
    // The key makes sure that no rows come twice, whoever sends them: it is written with them.
    table(
      rowsTable,
      `${ofTable}, is_whole TINYINT NOT NULL, first_chunk ${count}, first_offset ${count}, end_chunk ${count}, end_offset ${count}, end_rows ${count},
       row_count ${count}, is_exact TINYINT NOT NULL, PRIMARY KEY (schema_name, table_name, first_chunk, first_offset, is_whole)`,
    ),
    table(
      globalsTable,
      'name VARCHAR(64) NOT NULL PRIMARY KEY, value TEXT NOT NULL, noted_at DATETIME NOT NULL',
    ),
    table(changesTable, 'change_json LONGTEXT NOT NULL'),
    table(
      loadTable,
      'id TINYINT NOT NULL PRIMARY KEY, backup VARCHAR(255) NOT NULL, begun_at DATETIME NOT NULL, state VARCHAR(16) NOT NULL, plan LONGTEXT NOT NULL',
    ),
  ]
}

export function dropLedger(ledger: string): string {
  return `DROP DATABASE IF EXISTS ${quoteName(ledger)}`
}

export function insertLoad(ledger: string, backupId: string, plan: string): string {
  return `INSERT INTO ${quoteQualified(ledger, loadTable)} VALUES (1, ${quoteText(backupId)}, UTC_TIMESTAMP(), 'loading', ${quoteText(plan)})`
}

export function setState(ledger: string, state: LoadState): string {
  return `UPDATE ${quoteQualified(ledger, loadTable)} SET state = ${quoteText(state)}`
}

export function selectLoad(ledger: string): string {
  return `SELECT backup, CAST(begun_at AS CHAR) AS begun, state, plan FROM ${quoteQualified(ledger, loadTable)}`
}

/** `isWhole` is false before rows that their engine cannot undo, and for these there is another row behind them. */
export function insertRows(
  ledger: string,
  table: { readonly schema: string; readonly name: string },
  { start, end, rows, isExact }: LoadedText,
  isWhole: boolean,
): string {
  const names = `${quoteText(table.schema)}, ${quoteText(table.name)}`
  const numbers = [
    Number(isWhole),
    start.chunk,
    start.offset,
    end.chunk,
    end.offset,
    end.rows,
    rows,
    Number(isExact),
  ]
  return `INSERT INTO ${quoteQualified(ledger, rowsTable)} VALUES (${names}, ${numbers.join(', ')})`
}

export function selectRows(ledger: string): string {
  return `SELECT schema_name AS s, table_name AS t, is_whole AS isWhole, first_chunk AS firstChunk, first_offset AS firstOffset,
    end_chunk AS endChunk, end_offset AS endOffset, end_rows AS endRows, row_count AS rowCount, is_exact AS isExact
    FROM ${quoteQualified(ledger, rowsTable)}`
}

export function deleteRows(ledger: string, schema: string, name: string): string {
  return `DELETE FROM ${quoteQualified(ledger, rowsTable)} WHERE schema_name = ${quoteText(schema)} AND table_name = ${quoteText(name)}`
}

export function insertChange(ledger: string, change: string): string {
  return `INSERT INTO ${quoteQualified(ledger, changesTable)} VALUES (${quoteText(change)})`
}

export function selectChanges(ledger: string): string {
  return `SELECT change_json AS made FROM ${quoteQualified(ledger, changesTable)}`
}

export function noteGlobal(ledger: string, name: string, value: string): string {
  return `REPLACE INTO ${quoteQualified(ledger, globalsTable)} VALUES (${quoteText(name)}, ${quoteText(value)}, UTC_TIMESTAMP())`
}

export function forgetGlobal(ledger: string, name: string): string {
  return `DELETE FROM ${quoteQualified(ledger, globalsTable)} WHERE name = ${quoteText(name)}`
}

/** Those that were noted on this server in its present life: what a backup brought was noted before the table was made. */
export function selectGlobals(ledger: string, uptimeSeconds: number): string {
  return `SELECT name, value FROM ${quoteQualified(ledger, globalsTable)} WHERE noted_at >= UTC_TIMESTAMP() - INTERVAL ${uptimeSeconds} SECOND
    AND noted_at + INTERVAL TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) SECOND >= (SELECT CREATE_TIME FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ${quoteText(ledger)} AND TABLE_NAME = ${quoteText(globalsTable)})`
}
