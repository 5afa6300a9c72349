// A thread that stores for a backup session: started, listened to, told when the backup counts no more, and ended.
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { HoldfastError } from '../../core/errors.ts'
import type { BackupSession } from '../../repository/backup-session.ts'
import type { OwnerCalls, PackCalls } from './calls.ts'
import { toPlainError } from './plain-error.ts'
import { ThreadCalls } from './thread-calls.ts'

// A thread's garbage is small objects only, and V8 would give it 16 MiB and more for them.
const resourceLimits: ResourceLimits = { maxYoungGenerationSizeMb: 6 }

export interface SessionThread<Theirs extends PackCalls> {
  readonly calls: ThreadCalls<Theirs>
  /** Ends the thread, whatever it does. */
  readonly close: () => Promise<void>
}

/** `name` is that of the thread's first file, beside this one. */
export function startSessionThread<Theirs extends PackCalls>(
  name: 'reader-thread' | 'store-thread',
  start: object,
  session: BackupSession,
  stored: OwnerCalls['stored'],
): SessionThread<Theirs> {
  // In a checkout this file is TypeScript and so is its neighbour; in a package both are JavaScript.
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./${name}.${extension}`, import.meta.url), {
    workerData: start,
    resourceLimits,
  })
  const served: OwnerCalls = {
    claim: (id) => session.claim(id),
    filled: async (pack) => session.filled(pack),
    stored,
  }
  const calls = new ThreadCalls<Theirs>(worker, served)
  const packCalls: ThreadCalls<PackCalls> = calls
  worker.once('error', (error) => calls.end(error))
  worker.once('exit', (status) => calls.end(new HoldfastError('BUG', `a ${name} ended with ${status}`)))
  const abandon = (): void => {
    // A thread that is gone writes nothing.
    packCalls.call('abandon', toPlainError(session.signal.reason)).catch(() => undefined)
  }
  session.signal.addEventListener('abort', abandon)
  return {
    calls,
    close: async () => {
      session.signal.removeEventListener('abort', abandon)
      // A thread that failed cannot close, and need not.
      await packCalls.call('close', undefined).catch(() => undefined)
      await worker.terminate()
    },
  }
}
