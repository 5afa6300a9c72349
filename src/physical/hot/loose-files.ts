// Files without a redo log of InnoDB's: copied while they may still be written to, and again, when they stand still, where they were.
import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { copyLooseFile, type LiveCopy } from './copy-live-file.ts'
import { type FileState, fileState, isUnwritten } from './file-state.ts'
import type { LiveFile } from './live-files.ts'

export class LooseFiles {
  readonly #copy: LiveCopy
  readonly #copied = new Map<string, FileState>()
  #path = ''

  constructor(copy: LiveCopy) {
    this.#copy = copy
  }

  /** For messages: what is being done, or was done last. */
  get underWay(): string {
    return `reading ${this.#path === '' ? 'tables without transactions' : this.#path}`
  }

  /** Copies those that were not copied yet, or were written to since; the others stay as they are. */
  async settle(files: readonly LiveFile[]): Promise<void> {
    for (const file of files) {
      this.#copy.signal.throwIfAborted()
      const stats = await statOf(file.from)
      const before = this.#copied.get(file.path)
      if (stats !== undefined && before !== undefined && isUnwritten(before, stats)) continue
      const state = stats && fileState(stats)
      this.#path = file.path
      if (state !== undefined && (await copyLooseFile(file, this.#copy))) this.#copied.set(file.path, state)
      else this.#forget(file.path)
    }
  }

  /** Takes out what is in none of `files`. */
  keepOnly(files: readonly LiveFile[]): void {
    const kept = new Set(files.map(({ path }) => path))
    for (const path of this.#copied.keys()) if (!kept.has(path)) this.#forget(path)
  }

  #forget(path: string): void {
    if (this.#copied.delete(path)) this.#copy.intake.remove(path)
  }
}

async function statOf(from: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(from, { bigint: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
