// A store in a directory of a file system: create-only by link(2), durable by fsync, readable with ls and cat.
import { open, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createDurably, removeIfThere, removeLeftovers } from './durable-file.ts'
import { assertObjectKey, assertObjectPrefix } from './object-key.ts'
import type {
  GetOptions,
  ObjectEntry,
  ObjectHead,
  ObjectStore,
  StoreOptions,
  TaggedObject,
} from './object-store.ts'
import { storeError, systemErrorCode } from './store-errors.ts'
import { isVersionName, readNewestVersion, replaceVersion } from './versioned-file.ts'

export class DirectoryStore implements ObjectStore {
  readonly place: string
  readonly #root: string

  /** The directory need not exist yet; the first write makes it. */
  constructor(directory: string) {
    this.#root = resolve(directory)
    this.place = this.#root
  }

  async putIfAbsent(
    key: string,
    bytes: Uint8Array,
    options: StoreOptions = {},
  ): Promise<'created' | 'exists'> {
    const path = this.#pathOf(key)
    options.signal?.throwIfAborted()
    return this.#guard('writing', path, () => createDurably(this.#root, path, bytes, options.signal))
  }

  async get(key: string, options: GetOptions = {}): Promise<Buffer | undefined> {
    const path = this.#pathOf(key)
    options.signal?.throwIfAborted()
    return this.#guard('reading', path, () => readRange(path, options.offset ?? 0, options.length))
  }

  async head(key: string, options: StoreOptions = {}): Promise<ObjectHead | undefined> {
    const path = this.#pathOf(key)
    options.signal?.throwIfAborted()
    return this.#guard('looking at', path, () => fileHead(path))
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectEntry> {
    assertObjectPrefix(prefix)
    yield* this.#walk(prefix, options.signal)
  }

  async listFolders(prefix: string, options: StoreOptions = {}): Promise<readonly string[]> {
    assertObjectPrefix(prefix)
    options.signal?.throwIfAborted()
    const entries = await this.#entries(prefix)
    const folders: string[] = []
    for (const { name, isFolder } of entries) {
      if (isFolder && (await this.#hasObjects(`${prefix}${name}/`))) folders.push(name)
    }
    return folders.toSorted()
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<void> {
    const paths = keys.map((key) => this.#pathOf(key))
    for (const path of paths) {
      options.signal?.throwIfAborted()
      await this.#guard('removing', path, () => removeIfThere(path))
    }
  }

  async getTagged(key: string, options: StoreOptions = {}): Promise<TaggedObject | undefined> {
    const path = this.#pathOf(key)
    options.signal?.throwIfAborted()
    return this.#guard('reading', path, () => readNewestVersion(path))
  }

  async casPut(
    key: string,
    bytes: Uint8Array,
    expectedTag: string | undefined,
    options: StoreOptions = {},
  ): Promise<string | undefined> {
    const path = this.#pathOf(key)
    options.signal?.throwIfAborted()
    return this.#guard('writing', path, () => replaceVersion(this.#root, path, bytes, expectedTag))
  }

  /** Removes temporary files of writers that were killed; those of living ones stay. */
  async tidy(): Promise<void> {
    await this.#guard('tidying', this.#root, () => removeLeftovers(this.#root, Date.now()))
  }

  #pathOf(key: string): string {
    assertObjectKey(key)
    return join(this.#root, key)
  }

  async #guard<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeError(error, doing, path)
    }
  }

  async *#walk(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectEntry> {
    signal?.throwIfAborted()
    const entries = await this.#entries(prefix)
    // Order of keys, not of names: 'a-b' comes before 'a/x' because '-' is less than '/'.
    const inOrder = entries
      .map((entry) => ({ ...entry, sortKey: entry.isFolder ? `${entry.name}/` : entry.name }))
      .toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1))
    for (const { name, isFolder } of inOrder) {
      const key = `${prefix}${name}`
      if (isFolder) {
        yield* this.#walk(`${key}/`, signal)
        continue
      }
      const head = await this.head(key)
      if (head !== undefined) yield { key, sizeBytes: head.sizeBytes }
    }
  }

  async #hasObjects(prefix: string): Promise<boolean> {
    for await (const _ of this.#walk(prefix, undefined)) return true
    return false
  }

  /** Names below a prefix that can be keys: no temporary files, no versions of mutable objects, nothing of other programs. */
  async #entries(prefix: string): Promise<readonly { name: string; isFolder: boolean }[]> {
    const path = join(this.#root, prefix)
    return this.#guard('listing', path, async () => {
      const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
        if (systemErrorCode(error) === 'ENOENT') return []
        throw error
      })
      return found
        .filter((entry) => (entry.isFile() || entry.isDirectory()) && !isVersionName(entry.name))
        .filter((entry) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(entry.name))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
    })
  }
}

async function readRange(
  path: string,
  offset: number,
  length: number | undefined,
): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isAbsence(error)) return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    // The object's own size bounds what is allocated, whatever was asked for.
    const wanted = Math.max(0, Math.min(length ?? size, size - offset))
    const bytes = Buffer.allocUnsafeSlow(wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await file.read(bytes, filled, wanted - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function fileHead(path: string): Promise<ObjectHead | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined
    throw error
  })
  return found?.isFile() ? { sizeBytes: found.size, modifiedMs: found.mtimeMs } : undefined
}

/** ENOTDIR: a parent of the key is itself an object, so there is nothing below it. */
function isAbsence(error: unknown): boolean {
  const code = systemErrorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
