// What the repository asks of a place that keeps objects. The prose here is the contract; test/contract/store.ts proves it.

/** Size and age of an object, without its bytes. */
export interface ObjectHead {
  readonly sizeBytes: number
  /** When the store says the object was written; milliseconds since 1970-01-01 UTC, by the store's clock. */
  readonly modifiedMs: number
}

export interface ObjectEntry {
  readonly key: string
  readonly sizeBytes: number
}

export interface StoreOptions {
  readonly signal?: AbortSignal | undefined
}

export interface GetOptions extends StoreOptions {
  /** First byte wanted, from 0; default 0. */
  readonly offset?: number
  /** How many bytes at most; default up to the end. */
  readonly length?: number
}

/** A version of a mutable object. `tag` changes with every write and is never used again for other bytes. */
export interface TaggedObject {
  readonly bytes: Buffer
  readonly tag: string
}

/**
 * A flat space of immutable objects, and a few mutable ones that are only ever replaced by compare-and-swap.
 *
 * - **Keys** are segments of `A-Z a-z 0-9 . _ -` joined by `/`; see object-key.ts. Others are a programmer's error.
 * - **Create-only**: an object, once visible, never changes. Two writers of one key: one gets `created`, the other `exists`.
 * - **Whole or absent**: an object that can be read has all its bytes. A failed or killed write leaves nothing visible.
 * - **Durable**: when a write has answered, the object outlives a crash and a power cut.
 * - **Read your writes**: after an answer, `get`, `head` and `list` see the object, or do not see the deleted one.
 * - **An error answers nothing**: after a thrown error the write may or may not have happened.
 * - Absence is an answer (`undefined`), not an error. A full store throws `DISK_FULL`; one that cannot do what is asked
 *   (permissions, missing operations) throws `STORE_UNUSABLE`.
 */
export interface ObjectStore {
  /** Where the objects are, for messages. */
  readonly place: string

  /** Removes what killed writers left behind, where a store can have such. Called before a backup, never by readers. */
  tidy?(): Promise<void>

  /** Writes an object unless the key is taken. The caller may reuse `bytes` once this has answered. */
  putIfAbsent(key: string, bytes: Uint8Array, options?: StoreOptions): Promise<'created' | 'exists'>

  /** Bytes of an object or of a range of it. A range that passes the end gives the bytes there are, maybe none: the caller's own. */
  get(key: string, options?: GetOptions): Promise<Buffer | undefined>

  head(key: string, options?: StoreOptions): Promise<ObjectHead | undefined>

  /** All objects whose key starts with `prefix` ('' or ending in '/'), in ascending order of key; no mutable ones. */
  list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectEntry>

  /** Names of the first segments below `prefix` that have objects below them, ascending. */
  listFolders(prefix: string, options?: StoreOptions): Promise<readonly string[]>

  /** Removes objects; absent ones are no error. */
  delete(keys: readonly string[], options?: StoreOptions): Promise<void>

  /** The newest version of a mutable object. */
  getTagged(key: string, options?: StoreOptions): Promise<TaggedObject | undefined>

  /**
   * Replaces a mutable object when its newest version still has `expectedTag` (`undefined`: when there is none yet).
   * Answers the new tag, or undefined when somebody else was first. A spurious undefined is allowed, a spurious tag is not.
   */
  casPut(
    key: string,
    bytes: Uint8Array,
    expectedTag: string | undefined,
    options?: StoreOptions,
  ): Promise<string | undefined>
}
