// Adds the indexes and foreign keys of a table whose rows are in, and looks whether the table is then what the backup says.
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../core/errors.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { serverErrno } from '../../wire/server-error.ts'
import { ByteQuery } from '../byte-rows.ts'
import { readTableDdl } from '../table-ddl.ts'
import { keysUnread, missingKeys } from './missing-keys.ts'
import type { DeferredTable } from './plan-deferral.ts'
import { tableClauses } from './table-clauses.ts'

const duplicates = new Set([
  1062, // ER_DUP_ENTRY
  1586, // ER_DUP_ENTRY_WITH_KEY_NAME
])
const retryable = new Set([
  1205, // ER_LOCK_WAIT_TIMEOUT: also for a metadata lock
  1213, // ER_LOCK_DEADLOCK
])
/** ER_TEMP_FILE_WRITE_FAILURE: indexes are sorted in files of tmpdir (innodb_tmpdir), which may be small. */
const noTemporarySpace = 1878
const attempts = 5

/** @throws HoldfastError LOAD_MISMATCH where a unique index finds a value twice; the table keeps its rows then */
export async function addIndexes(
  connection: Connection,
  deferred: DeferredTable,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const clauses of deferred.indexes) {
    try {
      await alter(connection, deferred, clauses, signal)
    } catch (error) {
      if (serverErrno(error) !== noTemporarySpace) throw named(error, deferred)
      await addWithoutSorting(connection, deferred, clauses, signal)
    }
  }
}

/** Into a copy of the table, row by row, as if they had been there from the beginning: slow, but it needs no temporary files. */
async function addWithoutSorting(
  connection: Connection,
  deferred: DeferredTable,
  clauses: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await alter(connection, deferred, clauses, signal, ', ALGORITHM = COPY')
  } catch (error) {
    throw named(error, deferred)
  }
}

export async function addForeignKeys(
  connection: Connection,
  deferred: DeferredTable,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (deferred.foreignKeys.length > 0) await alter(connection, deferred, deferred.foreignKeys, signal)
}

async function alter(
  connection: Connection,
  { schema, table }: DeferredTable,
  clauses: readonly string[],
  signal: AbortSignal | undefined,
  how = '',
): Promise<void> {
  const additions = clauses.map((clause) => `ADD ${clause}`).join(', ')
  const sql = `ALTER TABLE ${quoteQualified(schema, table.name)} ${additions}${how}`
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.run(sql, { signal })
      return
    } catch (error) {
      if (!retryable.has(serverErrno(error) ?? 0) || attempt === attempts) throw error
      await sleep(2 ** attempt * 50, undefined, { signal })
    }
  }
}

function named(error: unknown, { schema, table }: DeferredTable): unknown {
  if (!duplicates.has(serverErrno(error) ?? 0)) return error
  return new HoldfastError(
    'LOAD_MISMATCH',
    `rows of ${schema}.${table.name} are there twice by a unique key: ${error instanceof Error ? error.message : ''}`,
    { schema, table: table.name },
    { cause: error },
  )
}

/**
 * Holds the keys that the server shows against those of the backup. Answers a warning where they are there and yet not the same; another
 * release may print them otherwise.
 * @throws HoldfastError LOAD_MISMATCH where one is missing
 */
export async function checkKeys(
  connection: Connection,
  { schema, table }: DeferredTable,
  isSameRelease: boolean,
): Promise<readonly string[]> {
  const ddl = await readTableDdl(connection, new ByteQuery(), schema, table.name)
  const missing = missingKeys(table.ddl, ddl)?.map(({ name }) => name)
  if (missing === undefined) return [keysUnread(schema, table.name)]
  if (missing.length > 0) {
    throw new HoldfastError(
      'LOAD_MISMATCH',
      `${schema}.${table.name} lacks ${missing.join(', ')} after its indexes were added`,
      { schema, table: table.name, missing: missing.length },
    )
  }
  const [wanted, shown] = [keysOf(table.ddl), keysOf(ddl)]
  const other = wanted.findIndex(({ text }, at) => text !== shown[at]?.text)
  if (other < 0 || !isSameRelease) return []
  return [
    `${schema}.${table.name} has all its keys, but the server shows them otherwise than in the backup: ${shown[other]?.text ?? 'none'} in place of ${wanted[other]?.text ?? 'none'}`,
  ]
}

function keysOf(ddl: string) {
  const { clauses = [] } = tableClauses(ddl) ?? {}
  return clauses.filter((clause) => clause.kind === 'key' || clause.kind === 'foreign')
}
