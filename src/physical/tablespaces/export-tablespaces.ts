// InnoDB tables of a server as files that another one imports.
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import { formatTableName } from '../../core/name-list.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { tableFileName } from '../table-file-name.ts'

export interface DefinedTable extends TableName {
  readonly engine: string
  /** CREATE TABLE. */
  readonly ddl: string
}

export interface ExportedTable {
  readonly table: TableName
  /** Without the ending: `.ibd` has the rows, `.cfg` says what of. */
  readonly file: string
  readonly sizeBytes: number
}

/**
 * They are as they have to be, and stay so, until the connection is closed. Throws UNSUPPORTED for a table that cannot go as a file of its
 * own.
 */
export async function exportTablespaces(
  connection: Connection,
  directory: string,
  tables: readonly DefinedTable[],
  signal: AbortSignal,
): Promise<readonly ExportedTable[]> {
  for (const table of tables) requireOneFile(table)
  const names = tables.map(({ schema, name }) => quoteQualified(schema, name))
  await connection.run(`FLUSH TABLES ${names.join(', ')} FOR EXPORT`, { signal })
  return await Promise.all(
    tables.map(async ({ schema, name }) => {
      const table = { schema, name }
      const file = path.join(directory, tableFileName(table) ?? '')
      const [rows] = await Promise.all(['.ibd', '.cfg'].map((ending) => statOf(`${file}${ending}`)))
      if (rows === undefined) throw refused(table, 'it has no file of its own')
      return { table, file, sizeBytes: rows.size }
    }),
  )
}

function requireOneFile(table: DefinedTable): void {
  if (table.engine.toUpperCase() !== 'INNODB') throw refused(table, `it is ${table.engine}`)
  if (tableFileName(table) === undefined) throw refused(table, 'its name is not in ASCII')
  if (/\bPARTITION\s+BY\b/i.test(table.ddl)) throw refused(table, 'it has partitions')
  if (/\bFULLTEXT\s+(?:KEY|INDEX)\b/i.test(table.ddl)) throw refused(table, 'it has a full-text index')
  if (/\bENCRYPT(?:ION|ED)`?\s*=\s*'?(?:Y|YES|ON)\b/i.test(table.ddl)) throw refused(table, 'it is encrypted')
}

async function statOf(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function refused(table: TableName, why: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${formatTableName(table)} cannot go as a file: ${why}`,
    { table: formatTableName(table) },
    { hint: 'Leave --import-tablespaces away: rows go everywhere.' },
  )
}
