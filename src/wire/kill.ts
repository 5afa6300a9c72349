// Ends what another session does, over a connection of its own.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { readAnswer } from './read-answer.ts'
import { openSession } from './session.ts'
import { queryToBytes } from './statement.ts'

/** The session to end. */
export interface KillTarget {
  readonly threadId: number
  /** What `serverPlace` answered there. */
  readonly place: string
}

const killTimeoutMs = 10_000
const shortStatementBytes = 1024

/** An expression that tells servers apart: behind a load balancer the second connection may reach another one. */
export const serverPlace = "CONCAT_WS('/', @@hostname, @@port, @@datadir)"

/**
 * 'QUERY' ends the running statement, 'CONNECTION' the whole session. Throws when the server does not do it within 10 seconds, and
 * without killing anything when the settings lead to another server than the one of the target.
 */
export async function kill(
  settings: ConnectionSettings,
  what: 'QUERY' | 'CONNECTION',
  { threadId, place }: KillTarget,
): Promise<void> {
  const signal = AbortSignal.timeout(killTimeoutMs)
  const { schema: _, ...withoutSchema } = settings
  const { channel } = await openSession(withoutSchema, signal)
  const onAbort = (): void => channel.destroy()
  signal.addEventListener('abort', onAbort)
  const execute = async (statement: string): Promise<unknown> => {
    channel.startCommand()
    channel.write(queryToBytes(statement, shortStatementBytes))
    const answer = await readAnswer(channel, statement)
    if (answer.kind === 'failed') throw answer.error
    return answer.kind === 'rows' ? answer.rows[0]?.['place'] : undefined
  }
  try {
    const reached = await execute(`SELECT ${serverPlace} AS place`)
    if (reached !== place) {
      throw new HoldfastError(
        'FAILED',
        `session ${threadId} is on ${place}, but the settings lead to ${String(reached)}`,
      )
    }
    await execute(`KILL ${what} ${threadId}`)
  } finally {
    signal.removeEventListener('abort', onAbort)
    channel.destroy()
  }
}
