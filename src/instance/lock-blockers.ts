// Who stands in the way of a lock: long statements of others, open transactions, and sessions that hold locks while they are idle.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOrNull } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

const shownBlockers = 3

/** The longest first, one line. To be asked right after a lock did not come. */
export async function describeBlockers(connection: Connection, options: StatementOptions): Promise<string> {
  const processes = (await connection.query('SHOW FULL PROCESSLIST', options)).filter(
    (row) =>
      numberOf(row, 'Id') !== connection.threadId &&
      !['Daemon', 'Binlog Dump', 'Binlog Dump GTID'].includes(textOrNull(row, 'Command') ?? ''),
  )
  const transactions = await sessionsOf(connection, openTransactions, options)
  const holders = await sessionsOf(connection, writeLocks, options)
  const idleText = (id: number): string | undefined =>
    transactions?.has(id) === true
      ? 'idle in an open transaction'
      : holders?.has(id) === true
        ? 'idle, and holds a lock'
        : undefined
  const describe = (row: Row): string | undefined => {
    const id = numberOf(row, 'Id')
    const statement = textOrNull(row, 'Command') === 'Sleep' ? idleText(id) : textOrNull(row, 'Info')
    if (statement === undefined || statement === null) return undefined
    const who = `${textOrNull(row, 'User')}@${textOrNull(row, 'Host')}`
    return `thread ${id} of ${who} for ${numberOf(row, 'Time')} s: ${statement.slice(0, 80)}`
  }
  const lines = processes
    .filter((row) => numberOf(row, 'Time') > 0)
    .toSorted((a, b) => numberOf(b, 'Time') - numberOf(a, 'Time'))
    .flatMap((row) => describe(row) ?? [])
    .slice(0, shownBlockers)
  if (lines.length > 0) return lines.join('; ')
  return transactions === undefined
    ? 'statements that this account may not see (it lacks PROCESS)'
    : 'no statements that can be seen: perhaps a session that is idle within LOCK TABLES'
}

const openTransactions = 'SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX'

/**
 * Of locks that a read lock waits for; those that a backup takes itself are none of them. MySQL lists them unless it is told not to; MariaDB
 * does when performance_schema and its instrument wait/lock/metadata/sql/mdl are on.
 */
const writeLocks =
  'SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.metadata_locks m ' +
  'JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID ' +
  "WHERE m.LOCK_STATUS = 'GRANTED' AND m.OBJECT_TYPE IN ('GLOBAL', 'TABLE') AND t.PROCESSLIST_ID IS NOT NULL " +
  "AND m.LOCK_TYPE IN ('INTENTION_EXCLUSIVE', 'SHARED_WRITE', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE')"

/** Undefined when the account may not know, or the server does not tell: no reason to hide that a lock did not come. */
async function sessionsOf(
  connection: Connection,
  select: string,
  options: StatementOptions,
): Promise<ReadonlySet<number> | undefined> {
  try {
    return new Set((await connection.query(select, options)).map((row) => numberOf(row, 'id')))
  } catch (error) {
    if (serverErrno(error) === undefined) throw error
    return undefined
  }
}
