// Takes a lock with a bound on the wait, so that a backup never stalls a server, and names who stands in the way.
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import { describeBlockers } from './lock-blockers.ts'

/** How long to wait for a lock, and how often. While we wait, the server may hold up everybody who comes after us. */
export interface LockBounds {
  readonly waitSeconds: number
  readonly attempts: number
  /** Between two attempts, so that whoever was held up gets on. */
  readonly pauseMs: number
}

// A web site survives 2 s; three attempts with as much between them outlast the statements of most.
export const defaultLockBounds: LockBounds = { waitSeconds: 2, attempts: 3, pauseMs: 2000 }

/** The default bounds with another wait, where one is given. */
export function lockBoundsOf(waitSeconds: number | undefined): LockBounds {
  return waitSeconds === undefined ? defaultLockBounds : { ...defaultLockBounds, waitSeconds }
}

export interface LockWait {
  readonly bounds: LockBounds
  /** Is told after each attempt that came to nothing, while there is another. */
  readonly emit: EmitEvent
  readonly signal?: AbortSignal
}

/** ER_LOCK_WAIT_TIMEOUT */
export const lockWaitTimeout = 1205

/**
 * Runs a statement that takes a lock. Throws LOCK_WAIT with the statements that may hold it when it does not come in time.
 * The session's lock_wait_timeout is `bounds.waitSeconds` afterwards.
 */
export async function takeLock(connection: Connection, statement: string, wait: LockWait): Promise<void> {
  const { waitSeconds, attempts, pauseMs } = wait.bounds
  const options = wait.signal === undefined ? {} : { signal: wait.signal }
  const shown = statement.length > 60 ? `${statement.slice(0, 60)}…` : statement
  await connection.run(`SET SESSION lock_wait_timeout = ${waitSeconds}`, options)
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.run(statement, options)
      return
    } catch (error) {
      if (serverErrno(error) !== lockWaitTimeout) throw error
      const blockers = await describeBlockers(connection, options)
      if (attempt === attempts) {
        throw new HoldfastError(
          'LOCK_WAIT',
          `${shown} did not get its lock in ${attempts} attempts of ${waitSeconds} s; busy are ${blockers}`,
          { statement: shown, attempts, waitSeconds },
          { cause: error },
        )
      }
      const message = `${shown} did not get its lock in ${waitSeconds} s (attempt ${attempt} of ${attempts}); busy are ${blockers}`
      wait.emit({ type: 'notice', level: 'info', message })
      await sleep(pauseMs, undefined, options)
    }
  }
}
