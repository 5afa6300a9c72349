// A sink whose chunks are named, compressed and sealed on threads of their own: for methods that read faster than one thread stores.
import { availableParallelism } from 'node:os'
import type { BackupSink } from '../../core/backup.ts'
import type { BackupSession } from '../../repository/backup-session.ts'
import { Budget } from '../../repository/budget.ts'
import type { StoreCalls, StoreStart } from './calls.ts'
import { type SessionThread, startSessionThread } from './session-thread.ts'

export interface SinkOnThreads extends BackupSink, AsyncDisposable {
  /** Resolves when all packs of all threads are durable: before the session commits. Throws the first failure of any. */
  finish(): Promise<void>
}

/** Below this a thread takes longer to start than it gains. */
const bytesBeforeThreads = 32 * 1024 * 1024

/** Shorter chunks are stored here: four messages and two threads that wake up for them take longer. */
const minBytesForThreads = 16 * 1024

/** Bytes on their way to a thread: it has the next chunks at hand while it works on one. */
const underWayBytes = 4 * 1024 * 1024

/** One for each processor, as many as four: the thread that reads is idle while it waits for the disk. */
export function storeThreads(): number {
  return Math.min(4, availableParallelism())
}

/** `place` is that of the session's repository. The first 32 MiB are stored by the session itself, so small backups start no thread. */
export function sinkOnThreads(session: BackupSession, place: string, count: number): SinkOnThreads {
  return new ThreadedSink(session, place, count)
}

interface StoreThread {
  readonly thread: SessionThread<StoreCalls>
  readonly budget: Budget
  waiting: number
}

class ThreadedSink implements SinkOnThreads {
  readonly #session: BackupSession
  readonly #place: string
  readonly #count: number
  #threads: readonly StoreThread[] = []
  #bytes = 0

  constructor(session: BackupSession, place: string, count: number) {
    this.#session = session
    this.#place = place
    this.#count = count
  }

  async putChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    this.#bytes += bytes.length
    if (this.#bytes <= bytesBeforeThreads || bytes.length < minBytesForThreads)
      return this.#session.putChunk(bytes, signal)
    if (this.#threads.length === 0) this.#threads = this.#start()
    const idlest = this.#threads.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best))
    idlest.waiting += bytes.length
    try {
      const taken = await idlest.budget.take(bytes.length)
      try {
        // Shared memory is read where it is, for the caller leaves it alone until the answer comes. Of other memory a copy is given away.
        if (bytes.buffer instanceof SharedArrayBuffer)
          return await idlest.thread.calls.call('put', bytes, signal)
        const copy = new Uint8Array(bytes)
        return await idlest.thread.calls.call('put', copy, signal, [copy.buffer])
      } finally {
        idlest.budget.give(taken)
      }
    } finally {
      idlest.waiting -= bytes.length
    }
  }

  async finish(): Promise<void> {
    await Promise.all(
      this.#threads.map(({ thread }) => thread.calls.call('finish', undefined, this.#session.signal)),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(({ thread }) => thread.close()))
  }

  #start(): readonly StoreThread[] {
    const start: StoreStart = { place: this.#place, ticket: this.#session.ticket(this.#count) }
    return Array.from({ length: this.#count }, () => ({
      thread: startSessionThread<StoreCalls>('store-thread', start, this.#session, async () => undefined),
      budget: new Budget(underWayBytes),
      waiting: 0,
    }))
  }
}
