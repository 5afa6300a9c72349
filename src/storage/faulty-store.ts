// A store that fails on purpose, for tests of everything that stands on stores.
import type {
  GetOptions,
  ObjectEntry,
  ObjectHead,
  ObjectStore,
  StoreOptions,
  TaggedObject,
} from './object-store.ts'

export type StoreOperation =
  | 'putIfAbsent'
  | 'get'
  | 'head'
  | 'list'
  | 'listFolders'
  | 'delete'
  | 'getTagged'
  | 'casPut'

/**
 * What happens at one operation.
 * - `not-done`: it throws and nothing has happened.
 * - `answer-lost`: it is done, and throws all the same.
 */
export type StoreFault = 'not-done' | 'answer-lost'

export interface StoreLies {
  /** putIfAbsent overwrites and says `created`, as S3 servers do that ignore If-None-Match. */
  readonly overwrites?: boolean
  /** list shows nothing that was written through this wrapper. */
  readonly staleList?: boolean
  /** What get gives instead of the true bytes. */
  readonly change?: (key: string, bytes: Buffer) => Buffer
}

export class InjectedFault extends Error {
  override readonly name = 'InjectedFault'
}

export class FaultyStore implements ObjectStore {
  readonly #inner: ObjectStore
  readonly #written = new Set<string>()
  /** Every operation so far, in order: its name and key. */
  readonly operations: { readonly operation: StoreOperation; readonly key: string }[] = []
  lies: StoreLies = {}
  /** Asked before each operation with its number from 0. */
  faultAt: (number: number, operation: StoreOperation, key: string) => StoreFault | undefined = () =>
    undefined

  constructor(inner: ObjectStore) {
    this.#inner = inner
  }

  get place(): string {
    return `faulty ${this.#inner.place}`
  }

  async putIfAbsent(key: string, bytes: Uint8Array, options?: StoreOptions): Promise<'created' | 'exists'> {
    return this.#run('putIfAbsent', key, async () => {
      this.#written.add(key)
      if (this.lies.overwrites !== true) return this.#inner.putIfAbsent(key, bytes, options)
      await this.#inner.delete([key], options)
      return this.#inner.putIfAbsent(key, bytes, options)
    })
  }

  async get(key: string, options?: GetOptions): Promise<Buffer | undefined> {
    return this.#run('get', key, async () => {
      const { change } = this.lies
      if (change === undefined) return this.#inner.get(key, options)
      const whole = await this.#inner.get(key)
      const offset = options?.offset ?? 0
      return whole && change(key, whole).subarray(offset, offset + (options?.length ?? whole.length))
    })
  }

  async head(key: string, options?: StoreOptions): Promise<ObjectHead | undefined> {
    return this.#run('head', key, () => this.#inner.head(key, options))
  }

  async *list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectEntry> {
    await this.#run('list', prefix, async () => undefined)
    for await (const entry of this.#inner.list(prefix, options)) {
      if (this.lies.staleList !== true || !this.#written.has(entry.key)) yield entry
    }
  }

  async listFolders(prefix: string, options?: StoreOptions): Promise<readonly string[]> {
    return this.#run('listFolders', prefix, () => this.#inner.listFolders(prefix, options))
  }

  async delete(keys: readonly string[], options?: StoreOptions): Promise<void> {
    return this.#run('delete', keys.join(' '), () => this.#inner.delete(keys, options))
  }

  async getTagged(key: string, options?: StoreOptions): Promise<TaggedObject | undefined> {
    return this.#run('getTagged', key, () => this.#inner.getTagged(key, options))
  }

  async casPut(
    key: string,
    bytes: Uint8Array,
    expectedTag: string | undefined,
    options?: StoreOptions,
  ): Promise<string | undefined> {
    return this.#run('casPut', key, () => this.#inner.casPut(key, bytes, expectedTag, options))
  }

  async #run<T>(operation: StoreOperation, key: string, work: () => Promise<T>): Promise<T> {
    const number = this.operations.push({ operation, key }) - 1
    const fault = this.faultAt(number, operation, key)
    if (fault === 'not-done') throw new InjectedFault(`${operation} ${key} was not done`)
    const answer = await work()
    if (fault === 'answer-lost') throw new InjectedFault(`the answer of ${operation} ${key} was lost`)
    return answer
  }
}
