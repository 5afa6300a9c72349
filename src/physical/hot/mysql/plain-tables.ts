// Tables of users in engines without a redo log, held still for the moment of a backup.
import { HoldfastError } from '../../../core/errors.ts'
import { hasGlobalPrivilege } from '../../../instance/grants.ts'
import { takeLock } from '../../../instance/lock-wait.ts'
import { quoteQualified } from '../../../instance/sql-text.ts'
import { textOf } from '../../../wire/row-values.ts'
import type { HotSession } from '../hot-session.ts'
import type { LiveFile } from '../live-files.ts'

const engines = "'MyISAM', 'CSV', 'ARCHIVE', 'MRG_MYISAM'"
const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'"

/** To see the tables, and to lock them. */
const needed = ['SELECT', 'LOCK TABLES']

/** Those of the server itself hold logs. */
export function isPlainTable({ path: name }: Pick<LiveFile, 'path'>): boolean {
  return /\.(MYD|MYI|CSV|CSM|ARZ|MRG)$/.test(name) && !/^(mysql|sys|performance_schema)\//.test(name)
}

/**
 * Closes them, so that their files have all that was written, and has writes to them wait until UNLOCK TABLES. Not FLUSH TABLES WITH READ LOCK: DDL that waits
 * for the backup lock holds what that one waits for, and one of the two would be ended as a deadlock. Throws LOCK_WAIT, and PRIVILEGE_MISSING.
 */
export async function lockPlainTables(
  { connection, facts, wait, signal }: HotSession,
  example: string,
): Promise<void> {
  const missing = needed.filter((privilege) => !hasGlobalPrivilege(facts.grants, privilege))
  if (missing.length > 0) {
    throw new HoldfastError(
      'PRIVILEGE_MISSING',
      `${facts.account} lacks ${missing.join(', ')}, which tables without transactions need: there is ${example}`,
      { account: facts.account },
      { hint: `Run as an administrator: GRANT ${missing.join(', ')} ON *.* TO the account` },
    )
  }
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES
     WHERE ENGINE IN (${engines}) AND TABLE_SCHEMA NOT IN (${systemSchemas}) ORDER BY 1, 2`,
    { signal },
  )
  const names = rows.map((row) => quoteQualified(textOf(row, 's'), textOf(row, 't')))
  // Files that belong to no table are written to by nobody.
  if (names.length > 0) await takeLock(connection, `FLUSH TABLES ${names.join(', ')} WITH READ LOCK`, wait)
}
