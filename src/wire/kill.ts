// Ends what another session does, over a connection of its own.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { readAnswer } from './read-answer.ts'
import { openSession } from './session.ts'
import { queryToBytes } from './statement.ts'

const killTimeoutMs = 10_000
const shortStatementBytes = 1024

/** 'QUERY' ends the running statement, 'CONNECTION' the whole session. Throws when the server does not do it within 10 seconds. */
export async function kill(
  settings: ConnectionSettings,
  what: 'QUERY' | 'CONNECTION',
  threadId: number,
): Promise<void> {
  const signal = AbortSignal.timeout(killTimeoutMs)
  const { schema: _, ...withoutSchema } = settings
  const { channel } = await openSession(withoutSchema, signal)
  const onAbort = (): void => channel.destroy()
  signal.addEventListener('abort', onAbort)
  try {
    const statement = `KILL ${what} ${threadId}`
    channel.startCommand()
    channel.write(queryToBytes(statement, shortStatementBytes))
    const answer = await readAnswer(channel, statement)
    if (answer.kind === 'failed') throw answer.error
  } finally {
    signal.removeEventListener('abort', onAbort)
    channel.destroy()
  }
}
