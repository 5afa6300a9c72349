// A folder that an export makes: new, of this user alone, and each file for good on its disk when it is closed.
import { createHash } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import type { ExportFile, ExportFolder } from '../logical/files/export-files.ts'
import { ensureFolder, syncFolder } from '../storage/durable-file.ts'
import { makeFolder } from '../storage/make-folder.ts'
import { storeError } from '../storage/store-errors.ts'

// 1 MiB: text comes in pieces of a statement, and a write for each would cost more than the statement.
const bufferBytes = 1024 * 1024

export class NewFolder implements ExportFolder {
  readonly #root: string
  readonly #folders = new Set<string>()

  private constructor(root: string) {
    this.#root = root
  }

  /** @throws HoldfastError USAGE when there is something at `path` already */
  static async make(path: string): Promise<NewFolder> {
    const root = resolve(path)
    await ensureFolder(root).catch((error: unknown) => {
      throw new HoldfastError('USAGE', `cannot make the folder ${path}`, { path }, { cause: error })
    })
    if ((await readdir(root)).length > 0) {
      throw new HoldfastError(
        'USAGE',
        `${path} is not empty`,
        { path },
        { hint: 'Files are never overwritten: name a folder that is empty or not there yet.' },
      )
    }
    return new NewFolder(root)
  }

  async create(path: string): Promise<ExportFile> {
    const full = join(this.#root, path)
    const folder = dirname(full)
    if (!this.#folders.has(folder)) await makeFolder(folder)
    this.#folders.add(folder)
    const handle = await open(full, 'wx', path.endsWith('.sh') ? 0o700 : 0o600)
    const hash = createHash('sha256')
    let pending: Buffer[] = []
    let pendingBytes = 0
    let sizeBytes = 0
    const flush = async (): Promise<void> => {
      const bytes = pending
      pending = []
      pendingBytes = 0
      await handle.appendFile(Buffer.concat(bytes)).catch((error: unknown) => {
        throw storeError(error, 'writing', full)
      })
    }
    return {
      async write(bytes) {
        hash.update(bytes)
        sizeBytes += bytes.length
        pending.push(bytes)
        pendingBytes += bytes.length
        if (pendingBytes >= bufferBytes) await flush()
      },
      async close() {
        await flush()
        await handle.sync()
        await handle.close()
        return { path, sizeBytes, sha256: hash.digest('hex') }
      },
      // Closing twice does nothing.
      [Symbol.asyncDispose]: () => handle.close(),
    }
  }

  /** Makes the names of all files durable. */
  async sync(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(folder)
    await syncFolder(this.#root)
  }
}
