// Takes a lock with a bound on the wait, so that a backup never stalls a server, and names who stands in the way.
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOrNull } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

/** How long to wait for a lock, and how often. While we wait, the server may hold up everybody who comes after us. */
export interface LockBounds {
  readonly waitSeconds: number
  readonly attempts: number
  /** Between two attempts, so that whoever was held up gets on. */
  readonly pauseMs: number
}

// A web site survives 3 s; three attempts with 2 s between outlast the statements of most.
export const defaultLockBounds: LockBounds = { waitSeconds: 3, attempts: 3, pauseMs: 2000 }

/** ER_LOCK_WAIT_TIMEOUT */
export const lockWaitTimeout = 1205

/**
 * Runs a statement that takes a lock. Throws LOCK_WAIT with the statements that may hold it when it does not come in time.
 * The session's lock_wait_timeout is `bounds.waitSeconds` afterwards.
 */
export async function takeLock(
  connection: Connection,
  statement: string,
  bounds: LockBounds,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await connection.run(`SET SESSION lock_wait_timeout = ${bounds.waitSeconds}`, options)
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.run(statement, options)
      return
    } catch (error) {
      if (serverErrno(error) !== lockWaitTimeout) throw error
      const shown = statement.length > 60 ? `${statement.slice(0, 60)}…` : statement
      if (attempt === bounds.attempts) {
        const blockers = await describeBlockers(connection)
        throw new HoldfastError(
          'LOCK_WAIT',
          `${shown} did not get its lock in ${attempt} attempts of ${bounds.waitSeconds} s; busy are ${blockers}`,
          { statement: shown, attempts: attempt, waitSeconds: bounds.waitSeconds },
          { cause: error },
        )
      }
      await sleep(bounds.pauseMs, undefined, options)
    }
  }
}

const shownBlockers = 3

/** The longest statements and open transactions of others, one line. */
async function describeBlockers(connection: Connection): Promise<string> {
  const processes = (await connection.query('SHOW FULL PROCESSLIST')).filter(
    (row) =>
      numberOf(row, 'Id') !== connection.threadId &&
      !['Daemon', 'Binlog Dump', 'Binlog Dump GTID'].includes(textOrNull(row, 'Command') ?? ''),
  )
  const openTransactions = await idleTransactions(connection)
  const isBusy = (row: Row) =>
    textOrNull(row, 'Command') !== 'Sleep' || openTransactions.has(numberOf(row, 'Id'))
  const lines = processes
    .filter((row) => isBusy(row) && numberOf(row, 'Time') > 0)
    .toSorted((a, b) => numberOf(b, 'Time') - numberOf(a, 'Time'))
    .slice(0, shownBlockers)
    .map((row) => {
      const statement = textOrNull(row, 'Info') ?? 'idle in an open transaction'
      const who = `${textOrNull(row, 'User')}@${textOrNull(row, 'Host')}`
      return `thread ${numberOf(row, 'Id')} of ${who} for ${numberOf(row, 'Time')} s: ${statement.slice(0, 80)}`
    })
  return lines.length === 0 ? 'statements that this account may not see (it lacks PROCESS)' : lines.join('; ')
}

async function idleTransactions(connection: Connection): Promise<ReadonlySet<number>> {
  try {
    const rows = await connection.query('SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX')
    return new Set(rows.map((row) => numberOf(row, 'id')))
  } catch (error) {
    // Without PROCESS the running statements are all there is to show.
    if (error instanceof HoldfastError && error.code === 'PRIVILEGE_MISSING') return new Set()
    throw error
  }
}
