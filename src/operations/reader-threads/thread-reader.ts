// A table reader whose bytes never pass the thread of the backup: it has a thread of its own, and only says what it stored.
import { Worker } from 'node:worker_threads'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { RateLimit } from '../../core/rate-limit.ts'
import { pumpTicket } from '../../logical/dump-rows.ts'
import type { OnChunk, OpenReader, TableReader } from '../../logical/table-reader.ts'
import type { BackupSession } from '../../repository/backup-session.ts'
import type { OwnerCalls, ReaderCalls, ReaderStart } from './calls.ts'
import { toPlainError } from './plain-error.ts'
import { ThreadCalls } from './thread-calls.ts'

// A thread's garbage is small objects only, and V8 would give it 16 MiB and more for them.
const resourceLimits = { maxYoungGenerationSizeMb: 6 }

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
  // In a checkout this file is TypeScript and so is its neighbour; in a package both are JavaScript.
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./reader-thread.${extension}`, import.meta.url), {
    workerData: start,
    resourceLimits,
  })
  let onStored: OnChunk | undefined
  const served: OwnerCalls = {
    claim: (id) => session.claim(id),
    filled: async (pack) => session.filled(pack),
    stored: async ({ plainBytes, rows }) => onStored?.(plainBytes, rows),
  }
  const calls = new ThreadCalls<ReaderCalls>(worker, served)
  worker.once('error', (error) => calls.end(error))
  worker.once('exit', (status) => calls.end(new HoldfastError('BUG', `a reader thread ended with ${status}`)))
  const abandon = (): void => {
    // A thread that is gone writes nothing.
    calls.call('abandon', toPlainError(session.signal.reason)).catch(() => undefined)
  }
  session.signal.addEventListener('abort', abandon)
  const close = async (): Promise<void> => {
    session.signal.removeEventListener('abort', abandon)
    // A thread that failed cannot close, and need not.
    await calls.call('close', undefined).catch(() => undefined)
    await worker.terminate()
  }
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
