// A store in memory: for tests, and the plainest reading of the contract.
import { assertObjectKey, assertObjectPrefix } from './object-key.ts'
import type {
  GetOptions,
  ObjectEntry,
  ObjectHead,
  ObjectStore,
  StoreOptions,
  TaggedObject,
} from './object-store.ts'

interface StoredObject {
  readonly bytes: Buffer
  readonly modifiedMs: number
}

export class MemoryStore implements ObjectStore {
  readonly place = 'memory'
  readonly #objects = new Map<string, StoredObject>()
  readonly #mutable = new Map<string, TaggedObject>()
  #lastTag = 0

  async putIfAbsent(
    key: string,
    bytes: Uint8Array,
    options: StoreOptions = {},
  ): Promise<'created' | 'exists'> {
    assertObjectKey(key)
    options.signal?.throwIfAborted()
    if (this.#objects.has(key)) return 'exists'
    this.#objects.set(key, { bytes: Buffer.from(bytes), modifiedMs: Date.now() })
    return 'created'
  }

  async get(key: string, options: GetOptions = {}): Promise<Buffer | undefined> {
    assertObjectKey(key)
    options.signal?.throwIfAborted()
    const object = this.#objects.get(key)
    if (object === undefined) return undefined
    const offset = options.offset ?? 0
    return Buffer.from(object.bytes.subarray(offset, offset + (options.length ?? object.bytes.length)))
  }

  async head(key: string, options: StoreOptions = {}): Promise<ObjectHead | undefined> {
    assertObjectKey(key)
    options.signal?.throwIfAborted()
    const object = this.#objects.get(key)
    return object && { sizeBytes: object.bytes.length, modifiedMs: object.modifiedMs }
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectEntry> {
    assertObjectPrefix(prefix)
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).toSorted()
    for (const key of keys) {
      options.signal?.throwIfAborted()
      const object = this.#objects.get(key)
      if (object !== undefined) yield { key, sizeBytes: object.bytes.length }
    }
  }

  async listFolders(prefix: string, options: StoreOptions = {}): Promise<readonly string[]> {
    assertObjectPrefix(prefix)
    options.signal?.throwIfAborted()
    const folders = new Set<string>()
    for (const key of this.#objects.keys()) {
      if (!key.startsWith(prefix)) continue
      const end = key.indexOf('/', prefix.length)
      if (end !== -1) folders.add(key.slice(prefix.length, end))
    }
    return [...folders].toSorted()
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<void> {
    for (const key of keys) assertObjectKey(key)
    options.signal?.throwIfAborted()
    for (const key of keys) this.#objects.delete(key)
  }

  async getTagged(key: string, options: StoreOptions = {}): Promise<TaggedObject | undefined> {
    assertObjectKey(key)
    options.signal?.throwIfAborted()
    const object = this.#mutable.get(key)
    return object && { bytes: Buffer.from(object.bytes), tag: object.tag }
  }

  async casPut(
    key: string,
    bytes: Uint8Array,
    expectedTag: string | undefined,
    options: StoreOptions = {},
  ): Promise<string | undefined> {
    assertObjectKey(key)
    options.signal?.throwIfAborted()
    if (this.#mutable.get(key)?.tag !== expectedTag) return undefined
    this.#lastTag += 1
    const tag = String(this.#lastTag)
    this.#mutable.set(key, { bytes: Buffer.from(bytes), tag })
    return tag
  }
}
