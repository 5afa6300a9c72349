// The tablespaces that MySQL itself names, against the files that were found: none may lie elsewhere, be missing, or be encrypted.
import path from 'node:path'
import { HoldfastError } from '../../../core/errors.ts'
import { textOf } from '../../../wire/row-values.ts'
import type { HotSession } from '../hot-session.ts'
import type { LiveFiles } from '../live-files.ts'
import { seenFrom } from '../server-folders.ts'
import { wrongDirectory } from '../wrong-directory.ts'

/** To be called when no tablespace can be created, renamed or dropped. Needs PROCESS. */
export async function requireTakenSpaces(session: HotSession, files: LiveFiles): Promise<void> {
  const { connection, folders, variables, signal } = session
  const [encrypted] = await connection.query(
    "SELECT NAME AS name FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y' LIMIT 1",
    { signal },
  )
  if (encrypted !== undefined) throw isEncrypted(textOf(encrypted, 'name'))
  const rows = await connection.query(
    "SELECT FILE_NAME AS file FROM information_schema.FILES WHERE FILE_TYPE IN ('TABLESPACE', 'UNDO LOG')",
    { signal },
  )
  const found = new Set([...files.system, ...files.tablespaces].map(({ from }) => from))
  for (const row of rows) {
    const file = seenFrom(folders, variables, textOf(row, 'file'))
    if (found.has(file)) continue
    const isInside = !path.relative(folders.data, file).startsWith('..')
    throw isInside ? wrongDirectory(folders.data, `it has no ${file}`) : liesElsewhere(file)
  }
}

function isEncrypted(space: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `tablespace ${space} is encrypted, so nothing tells from here whether a page of it was caught half written`,
    { space },
    { hint: 'Use a logical backup (--method dump), or --method cold.' },
  )
}

function liesElsewhere(file: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${file} lies outside of the data directory (DATA DIRECTORY), and a hot copy takes one directory`,
    { file },
    { hint: 'Use --method clone.' },
  )
}
