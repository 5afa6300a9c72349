// Statements that wait for a server whose commits wait for a replica that does not acknowledge: they are given up instead.

import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { Connection } from './connection.ts'
import { numberOf, textOrNull } from './row-values.ts'

/** A server answers what is asked here in milliseconds, but for long lists of tables. */
const patienceMs = 4000
/** Of a source that waits, and is acknowledged to, some commit goes on within this. */
const lookMs = 1000

/**
 * Runs `work` over `connection`. MariaDB holds LOCK_log while groups of commits wait for an acknowledgement, for as long as its time-out
 * lets them; what asks for its log waits for that lock, and no KILL ends it. Whenever the answer takes long, the server is asked
 * over another connection whether that is why; then `connection` is given up and SERVER_TIMEOUT thrown.
 */
export async function unlessStalled<T>(
  connection: Connection,
  settings: ConnectionSettings,
  work: () => Promise<T>,
): Promise<T> {
  const done = new AbortController()
  let stalled: HoldfastError | undefined
  const watching = watch(settings, done.signal).then((found) => {
    stalled = found
    if (found !== undefined) connection.destroy()
    return undefined
  })
  try {
    return await work()
  } catch (error) {
    throw stalled ?? error
  } finally {
    done.abort()
    await watching
  }
}

/** Undefined at the signal. Never throws: whoever cannot look leaves the work alone. */
async function watch(settings: ConnectionSettings, signal: AbortSignal): Promise<HoldfastError | undefined> {
  for (;;) {
    if (!(await pause(patienceMs, signal))) return undefined
    try {
      await using connection = await Connection.open(settings, { signal })
      const before = await look(connection, signal)
      if (!(await pause(lookMs, signal))) return undefined
      const after = await look(connection, signal)
      if (before.waiting > 0 && after.waiting > 0 && before.acknowledged === after.acknowledged)
        return stall(after.waiting)
    } catch {
      // Neither a lost connection nor a full server says anything of commits: the work itself is going to say what is wrong.
    }
  }
}

/** False at the signal. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(true), ms)
    const onAbort = (): void => end(false)
    function end(isOver: boolean): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve(isOver)
    }
    if (signal.aborted) end(false)
    else signal.addEventListener('abort', onAbort)
  })
}

async function look(
  connection: Connection,
  signal: AbortSignal,
): Promise<{ readonly waiting: number; readonly acknowledged: number }> {
  const rows = await connection.query("SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'", { signal })
  const sum = (name: RegExp) =>
    rows
      .filter((row) => name.test(textOrNull(row, 'Variable_name') ?? ''))
      .reduce((total, row) => total + numberOf(row, 'Value'), 0)
  return { waiting: sum(/_wait_sessions$/i), acknowledged: sum(/_yes_tx$/i) }
}

function stall(waiting: number): HoldfastError {
  return new HoldfastError(
    'SERVER_TIMEOUT',
    `the server does not answer: ${waiting === 1 ? 'a commit waits' : `${waiting} commits wait`} for a replica that acknowledges, and none does`,
    { waiting },
    {
      hint:
        'Let the archive acknowledge (holdfast stream --semi-sync), connect the replica that should, or let them go on: ' +
        'SET GLOBAL rpl_semi_sync_master_timeout = 1000 (MySQL: rpl_semi_sync_source_timeout).',
    },
  )
}
