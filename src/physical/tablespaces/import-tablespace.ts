// The rows of a table as the file that another server has exported, put under a running server on this host.
import { chmod, chown, constants, copyFile, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import { formatTableName } from '../../core/name-list.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { tableFileName } from '../table-file-name.ts'
import type { ExportedTable } from './export-tablespaces.ts'

export interface ImportOptions {
  /** Its statements stay out of the binary log, and foreign keys are not looked at. */
  readonly connection: Connection
  /** The server's own, as this host sees it. */
  readonly directory: string
  /** That the table holds what it should: asked before anybody else may write to it. */
  readonly proof: () => Promise<void>
  readonly signal: AbortSignal
}

/**
 * `to` is an empty table of the same definition; nobody else writes to it meanwhile. Throws UNSUPPORTED, before its file is touched, where the directory is not that of the
 * server, and TARGET_MISMATCH where somebody has put rows into it. Throws DISK_FULL, SERVER_ERROR and what reading, writing and `proof` throw, and says what became of the
 * table: with its file gone it is dropped.
 */
export async function importTablespace(
  exported: ExportedTable,
  to: TableName,
  options: ImportOptions,
): Promise<void> {
  const { connection, signal } = options
  await connection.run(`LOCK TABLES ${quoteQualified(to.schema, to.name)} WRITE`, { signal })
  try {
    await importLocked(exported, to, options)
  } finally {
    // A connection that is gone holds no lock.
    await connection.run('UNLOCK TABLES').catch(ignoreLost)
  }
}

const endings = ['.ibd', '.cfg'] as const

async function importLocked(
  { file }: ExportedTable,
  to: TableName,
  { connection, directory, proof, signal }: ImportOptions,
): Promise<void> {
  const place = path.join(directory, tableFileName(to) ?? '')
  const table = quoteQualified(to.schema, to.name)
  const there = await stat(`${place}.ibd`).catch(() => undefined)
  if (there === undefined) throw notSeen(to, directory)
  if ((await connection.query(`SELECT 1 AS one FROM ${table} LIMIT 1`, { signal })).length > 0)
    throw notEmpty(to)
  await connection.run(`ALTER TABLE ${table} DISCARD TABLESPACE`, { signal })
  // A folder of that name with a file of that name, and of another server: ours would have lost it.
  const isGone = await stat(`${place}.ibd`).then(
    () => false,
    () => true,
  )
  if (!isGone) {
    await connection.run(`DROP TABLE ${table}`, { signal })
    throw notSeen(to, directory)
  }
  try {
    for (const ending of endings) {
      await copyFile(
        `${file}${ending}`,
        `${place}${ending}`,
        constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL,
      )
      await chmod(`${place}${ending}`, there.mode & 0o777)
      if (process.getuid?.() === 0) await chown(`${place}${ending}`, there.uid, there.gid)
      await using handle = await open(`${place}${ending}`, 'r')
      await handle.sync()
    }
    await connection.run(`ALTER TABLE ${table} IMPORT TABLESPACE`, { signal })
  } catch (error) {
    for (const ending of endings) await rm(`${place}${ending}`, { force: true })
    throw explain(error, to, await dropped(connection, to))
  }
  await rm(`${place}.cfg`, { force: true })
  await proof()
}

/** Without a tablespace nobody can use it, nor give it another one. Answers what is to be said of it. */
async function dropped(connection: Connection, to: TableName): Promise<string> {
  const name = formatTableName(to)
  try {
    await connection.run(`DROP TABLE ${quoteQualified(to.schema, to.name)}`)
    return `${name} was dropped again`
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    return `${name} is there without its file, and cannot be used: drop it`
  }
}

function explain(error: unknown, to: TableName, state: string): HoldfastError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  const what = isFull ? 'no space is left' : error instanceof Error ? error.message : String(error)
  const ours: ErrorCode = isHoldfastError(error) ? error.code : isFull ? 'DISK_FULL' : 'FAILED'
  return new HoldfastError(
    ours,
    `the tablespace of ${formatTableName(to)} could not be imported: ${what}; ${state}`,
    { table: formatTableName(to) },
    {
      cause: error,
      hint: 'Drop the tables that were made, put right what is named above, and run the same command again; or leave --import-tablespaces away.',
    },
  )
}

function ignoreLost(error: unknown): void {
  if (!isHoldfastError(error)) throw error
}

function notEmpty(table: TableName): HoldfastError {
  return new HoldfastError(
    'TARGET_MISMATCH',
    `somebody has written to ${formatTableName(table)} since it was made: its rows would be gone with the file that is put under it`,
    { table: formatTableName(table) },
    { hint: 'See who writes to it, drop it, and run the same command again; the rows were left alone.' },
  )
}

function notSeen(table: TableName, directory: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `the file of ${formatTableName(table)} is not in ${directory}: this host does not see the files of the target`,
    { table: formatTableName(table), directory },
    { hint: 'Run this on the host of the target; or leave --import-tablespaces away: rows go everywhere.' },
  )
}
