// Parts of a backup of files into a server on this host, large tables as the files that they are: definitions first, then the tablespaces.
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { formatTableName } from '../core/name-list.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { readServerVariables } from '../instance/server-variables.ts'
import { quoteQualified } from '../instance/sql-text.ts'
import { parseLogicalContent } from '../logical/content.ts'
import type { Renames } from '../logical/reshape/renames.ts'
import { mountOf } from '../physical/mounts.ts'
import { type ExportedTable, exportTablespaces } from '../physical/tablespaces/export-tablespaces.ts'
import { importTablespace } from '../physical/tablespaces/import-tablespace.ts'
import { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { UseCase } from './backup-instance.ts'
import type { PartsPlan } from './plan-parts.ts'
import { requireBytes } from './require-room.ts'
import type { FileRows } from './rows-of-files.ts'

/** A server whose files lie on this host, and may be written by us. */
export interface ImportTarget {
  readonly settings: ConnectionSettings
  readonly directory: string
  /** `9.7` */
  readonly series: string
}

export interface ImportReport {
  readonly tables: number
  readonly bytes: number
}

/**
 * Throws UNSUPPORTED and USAGE before anything is recovered, where a file can certainly not go there.
 */
export async function findImportTarget(
  settings: ConnectionSettings,
  { onExisting, setGtid, skipBinlog, shape }: PartsPlan,
  { verify, translate }: { readonly verify: boolean; readonly translate: boolean },
  signal: AbortSignal,
): Promise<ImportTarget> {
  if (onExisting !== 'fail' || shape.parts !== undefined)
    throw usage(
      '--import-tablespaces brings tables with all their rows, into places that are empty: what is there would be gone before its file is known to fit',
      'Give them other names with --rename, or drop what is there yourself.',
    )
  if (setGtid)
    throw usage('--set-gtid says what the target has, and tablespaces are in it only after that would be set')
  if (translate)
    throw usage('--import-tablespaces is for servers of one series, between which nothing is translated')
  if (verify)
    throw usage(
      '--verify compares rows that were loaded, and tablespaces are compared in any case, by CHECKSUM TABLE',
      'Leave --verify away.',
    )
  await using connection = await Connection.open(settings, { signal })
  const variables = await readServerVariables(connection, { signal })
  if (variables.isOn('log_bin') && !skipBinlog) {
    throw usage(
      'no binary log can carry a tablespace, and so replicas of the target would not get it',
      'Say --skip-binlog as well, and bring the tables to replicas in the same way.',
    )
  }
  if (!variables.isOn('innodb_file_per_table'))
    throw usage('the target keeps tables in its system tablespace (innodb_file_per_table = OFF)')
  const directory = variables.text('datadir')
  try {
    accessSync(path.join(directory, 'ibdata1'), constants.W_OK)
  } catch (error) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `the files of ${describeConnection(settings)}, in ${directory}, cannot be written from here`,
      { directory },
      {
        cause: error,
        hint: 'Run this on the host of the target, as root or as the account of the server; or leave --import-tablespaces away.',
      },
    )
  }
  return { settings, directory, series: seriesOf(connection.serverVersion) }
}

export interface Export extends AsyncDisposable {
  readonly tables: readonly ExportedTable[]
  /** To the server that has them, and keeps them as they are until this is disposed. */
  readonly from: Connection
}

/** Throws UNSUPPORTED and VERSION_MISMATCH for what cannot go as a file, and DISK_FULL: nothing is made on the target then. */
export async function exportTables(
  { backup, served }: FileRows,
  target: ImportTarget,
  signal: AbortSignal,
): Promise<Export> {
  const { schemas } = parseLogicalContent(backup.content)
  const tables = schemas.flatMap(({ name: schema, tables }) => tables.map((table) => ({ ...table, schema })))
  await using parts = new AsyncDisposableStack()
  const from = parts.use(await Connection.open(served.settings, { signal }))
  requireSameSeries(seriesOf(from.serverVersion), target)
  const exported = await exportTablespaces(from, served.directory, tables, signal)
  await requireRoomFor(exported, served.directory, target.directory)
  const owned = parts.move()
  return { tables: exported, from, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Blocks are shared where both lie on one file system that can: no room is needed then. */
async function requireRoomFor(
  tables: readonly ExportedTable[],
  from: string,
  directory: string,
): Promise<void> {
  const [was, is] = await Promise.all([mountOf(from), mountOf(directory)])
  if (was.device === is.device && sharingTypes.includes(is.type)) return
  const needed = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await requireBytes(directory, needed, 'Make room, or choose fewer tables; nothing was changed.')
}

const sharingTypes = ['btrfs', 'xfs']

/**
 * Under the tables that were made for them. Throws what importing throws, and tells what became of the other tables: those that were not imported yet are there, and
 * empty.
 */
export async function importTables(
  { tables: exported, from }: Export,
  target: ImportTarget,
  renames: Renames,
  { emit, signal }: UseCase,
): Promise<ImportReport> {
  await using connection = await Connection.open(target.settings, { signal })
  await connection.run('SET SESSION sql_log_bin = 0, foreign_key_checks = 0', { signal })
  const total = exported.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  // Nobody has tables under lock that were made a moment ago.
  await connection.run(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}`, { signal })
  const imported: TableName[] = []
  let done = 0
  for (const table of exported) {
    const to = renames.table(table.table)
    emit({ type: 'progress', phase: 'importing tablespaces', done, total, unit: 'bytes' })
    try {
      const proof = (): Promise<void> => requireSameRows(from, connection, table, to, signal)
      await importTablespace(table, to, { connection, directory: target.directory, proof, signal })
    } catch (error) {
      const left = exported.slice(imported.length + 1).map((other) => renames.table(other.table))
      throw withOthers(error, imported, left)
    }
    imported.push(to)
    done += table.sizeBytes
  }
  emit({ type: 'progress', phase: 'importing tablespaces', done, total, unit: 'bytes' })
  return { tables: exported.length, bytes: total }
}

const lockWaitSeconds = 60

function withOthers(error: unknown, imported: readonly TableName[], left: readonly TableName[]): unknown {
  if (!isHoldfastError(error)) return error
  const { code, message, details, cause, hint } = error
  const others = `${named(imported, 'came whole')}${named(left, 'without rows yet')}`
  return new HoldfastError(code, `${message}${others}`, details, { cause, hint })
}

function named(tables: readonly TableName[], what: string): string {
  return tables.length === 0 ? '' : `; ${tables.map(formatTableName).join(', ')} ${what}`
}

/** The same statement on both: a server that took a file that is not what it says would answer otherwise. */
async function requireSameRows(
  from: Connection,
  connection: Connection,
  { table }: ExportedTable,
  to: TableName,
  signal: AbortSignal,
): Promise<void> {
  const [was, is] = await Promise.all([checksumOf(from, table, signal), checksumOf(connection, to, signal)])
  if (was === is) return
  throw new HoldfastError(
    'LOAD_MISMATCH',
    `${formatTableName(to)} has checksum ${is} after its tablespace was imported, and had ${was} before`,
    { table: formatTableName(to) },
  )
}

async function checksumOf(connection: Connection, { schema, name }: TableName, signal: AbortSignal) {
  const [row = {}] = await connection.query(`CHECKSUM TABLE ${quoteQualified(schema, name)} EXTENDED`, {
    signal,
  })
  return textOf(row, 'Checksum')
}

function requireSameSeries(series: string, target: ImportTarget): void {
  if (series === target.series) return
  throw new HoldfastError(
    'VERSION_MISMATCH',
    `the tablespaces are of ${series}, and ${describeConnection(target.settings)} is of ${target.series}`,
    {},
    { hint: 'Leave --import-tablespaces away: rows go everywhere.' },
  )
}

/** `9.7`, `10.11` */
function seriesOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version
}

function usage(message: string, hint?: string): HoldfastError {
  return new HoldfastError('USAGE', message, {}, hint === undefined ? {} : { hint })
}
