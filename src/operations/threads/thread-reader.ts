// A table reader whose bytes never pass the thread of the backup: it has a thread of its own, and only says what it stored.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { RateLimit } from '../../core/rate-limit.ts'
import { pumpTicket } from '../../logical/dump-rows.ts'
import type { OnChunk, OpenReader, TableReader } from '../../logical/table-reader.ts'
import type { BackupSession } from '../../repository/backup-session.ts'
import type { ReaderCalls, ReaderStart } from './calls.ts'
import { startSessionThread } from './session-thread.ts'

/** Opens readers on threads that store into `session`, whose repository is at `place`. `threads` is how many there will be, and `limit` how fast rows may come to all of them. */
export function readersOnThreads(
  settings: ConnectionSettings,
  session: BackupSession,
  place: string,
  threads: number,
  limit?: RateLimit,
): OpenReader {
  const { password, ...rest } = settings
  const start: ReaderStart = {
    settings: rest,
    password: password?.reveal(),
    place,
    ticket: session.ticket(threads),
    rate: limit?.ticket,
    pump: pumpTicket(),
  }
  return (signal) => openThreadReader(start, session, signal)
}

async function openThreadReader(
  start: ReaderStart,
  session: BackupSession,
  signal: AbortSignal | undefined,
): Promise<TableReader> {
  let onStored: OnChunk | undefined
  const { calls, close } = startSessionThread<ReaderCalls>(
    'reader-thread',
    start,
    session,
    async ({ plainBytes, rows }) => onStored?.(plainBytes, rows),
  )
  let serverVersion: string
  try {
    serverVersion = await calls.call('open', undefined, signal)
  } catch (error) {
    await close()
    throw error
  }
  return {
    session: {
      serverVersion,
      query: (sql, options) => calls.call('query', { sql, timeoutMs: options?.timeoutMs }, options?.signal),
      run: (sql, options) => calls.call('run', { sql, timeoutMs: options?.timeoutMs }, options?.signal),
    },
    read: (rows, onChunk, either) => {
      onStored = onChunk
      return calls.call('read', rows, either)
    },
    finish: () => calls.call('finish', undefined, session.signal),
    [Symbol.asyncDispose]: close,
  }
}
