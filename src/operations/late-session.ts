// A backup that begins with its first chunk: what is refused before that leaves nothing in the repository.
import type { BackupResult, BackupSink } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import type { BackupSession } from '../repository/backup-session.ts'

export class LateSession implements BackupSink, AsyncDisposable {
  readonly #begin: () => Promise<BackupSession>
  #session: Promise<BackupSession> | undefined

  constructor(begin: () => Promise<BackupSession>) {
    this.#begin = begin
  }

  async putChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    return (await this.#begun()).putChunk(bytes, signal)
  }

  async commit(result: BackupResult): Promise<BackupSummary> {
    return (await this.#begun()).commit(result)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session === undefined) return
    // One that never began has told so to whoever put a chunk.
    const [begun] = await Promise.allSettled([this.#session])
    if (begun.status === 'fulfilled') await begun.value[Symbol.asyncDispose]()
  }

  #begun(): Promise<BackupSession> {
    this.#session ??= this.#begin()
    return this.#session
  }
}
