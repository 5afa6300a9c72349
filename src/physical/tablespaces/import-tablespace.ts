// The rows of a table as the file that another server has exported, put under a running server on this host.
import { chmod, chown, constants, copyFile, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
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
  readonly signal: AbortSignal
}

/**
 * `to` is an empty table of the same definition. Throws UNSUPPORTED before its rows are touched where the directory is not that of the
 * server, and SERVER_ERROR where the server does not take the file: the table is without rows then.
 */
export async function importTablespace(
  { file }: ExportedTable,
  to: TableName,
  { connection, directory, signal }: ImportOptions,
): Promise<void> {
  const place = path.join(directory, tableFileName(to) ?? '')
  const table = quoteQualified(to.schema, to.name)
  const there = await stat(`${place}.ibd`).catch(() => undefined)
  if (there === undefined) throw notSeen(to, directory)
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
  for (const ending of ['.ibd', '.cfg']) {
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
  await rm(`${place}.cfg`, { force: true })
}

function notSeen(table: TableName, directory: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `the file of ${formatTableName(table)} is not in ${directory}: this host does not see the files of the target`,
    { table: formatTableName(table), directory },
    { hint: 'Run this on the host of the target; or leave --import-tablespaces away: rows go everywhere.' },
  )
}
