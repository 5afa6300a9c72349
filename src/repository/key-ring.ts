// The keys of one source: made for new sessions, and opened again with an identity when something must be read.
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { maxCheckedJsonBytes } from './checked-json.ts'
import {
  decodeKeys,
  keyFileName,
  newSessionKeys,
  type SessionKeys,
  unwrapKeys,
  wrapKeys,
} from './key-file.ts'
import { putUnique } from './put-once.ts'
import { damagedObject, missingObject, type RepositoryContext, readingObject } from './repository-context.ts'
import { clearKeyId } from './sealed-format.ts'
import type { DataKey } from './sealed-key.ts'

export class KeyRing {
  readonly #context: RepositoryContext
  readonly #folder: string
  readonly #opened = new Map<string, Promise<SessionKeys>>()
  readonly #newest = new Map<string, { name: string; generation: number }>()

  /** `folder` is the source's folder of keys, ending in '/'. */
  constructor(context: RepositoryContext, folder: string) {
    this.#context = context
    this.#folder = folder
  }

  /** True when files of this repository can be read with what is at hand. */
  get canRead(): boolean {
    return this.#context.document.encryption === 'none' || this.#context.identities.length > 0
  }

  /** Keys for a new session, stored before anything is encrypted with them. */
  async create(chunkIdKey: Buffer | undefined, signal?: AbortSignal): Promise<SessionKeys> {
    const { store, document, recipients } = this.#context
    if (document.encryption === 'none') return this.#createClear(chunkIdKey, signal)
    const keys = newSessionKeys(true, chunkIdKey)
    const bytes = await wrapKeys(keys, recipients)
    await putUnique(store, `${this.#folder}${keyFileName(keys, 1)}`, bytes, signal)
    return keys
  }

  /** A source that is not encrypted has one key for chunk ids, made by whoever is first. */
  async #createClear(chunkIdKey: Buffer | undefined, signal: AbortSignal | undefined): Promise<SessionKeys> {
    const existing = await this.#readClear(signal)
    if (existing !== undefined) return existing
    const keys = newSessionKeys(false, chunkIdKey)
    const key = `${this.#folder}${keyFileName(keys, 1)}`
    const outcome = await this.#context.store.putIfAbsent(key, await wrapKeys(keys, []), { signal })
    return outcome === 'created' ? keys : this.#createClear(chunkIdKey, signal)
  }

  /** The data key of this id, undefined for the id of unencrypted files. Opened once, then remembered. */
  async dataKey(id: string): Promise<DataKey | undefined> {
    if (id === clearKeyId) {
      // Otherwise whoever can write to the store could pass off files of his own as ours.
      if (this.#context.document.encryption === 'none') return undefined
      throw new MalformedDataError({
        what: 'sealed file header',
        offset: 10,
        expected: 'an encrypted file, as all are in this repository',
        found: 'one that is not encrypted',
      })
    }
    return (await this.keys(id)).dataKey
  }

  async keys(id: string): Promise<SessionKeys> {
    const known = this.#opened.get(id)
    if (known !== undefined) return known
    const opening = this.#open(id)
    this.#opened.set(id, opening)
    // A failure is not remembered: the next caller may try again.
    opening.catch(() => this.#opened.delete(id))
    return opening
  }

  async #open(id: string): Promise<SessionKeys> {
    if (id === clearKeyId) {
      const keys = await this.#readClear()
      if (keys === undefined) throw missingObject(`${this.#folder}${clearKeyId}.1.json`)
      return keys
    }
    const { identities, store } = this.#context
    if (identities.length === 0) {
      throw new HoldfastError('IDENTITY_MISSING', `${store.place} is encrypted and no identity was given`)
    }
    const name = await this.#newestGeneration(id)
    if (name === undefined) throw missingObject(`${this.#folder}${id}.1.age`)
    const key = `${this.#folder}${name}`
    const bytes = await store.get(key, { length: maxCheckedJsonBytes })
    if (bytes === undefined) throw missingObject(key)
    return this.#unwrap(key, bytes, id)
  }

  async #unwrap(key: string, bytes: Buffer, id: string): Promise<SessionKeys> {
    const { identities, recipients } = this.#context
    let keys: SessionKeys
    try {
      keys = await unwrapKeys(bytes, identities, key)
    } catch (error) {
      // age cannot tell a damaged file from one for other people; whether our identity is a recipient here can be computed.
      const { identityToRecipient } = await import('age-encryption')
      const own = await Promise.all(identities.map((identity) => identityToRecipient(identity)))
      if (own.some((recipient) => recipients.includes(recipient))) {
        throw damagedObject(key, 'it does not open with the identity it was made for', error)
      }
      throw new HoldfastError(
        'WRONG_KEY',
        `the identity given does not open ${key}`,
        { object: key },
        { cause: error },
      )
    }
    if (keys.id !== id) throw damagedObject(key, `it holds key ${keys.id}`)
    return keys
  }

  /** Names are listed once and again only for a key that is not among them: a restore may need the keys of many sessions. */
  async #newestGeneration(id: string): Promise<string | undefined> {
    if (!this.#newest.has(id)) {
      for await (const { key } of this.#context.store.list(this.#folder)) this.#note(key)
    }
    return this.#newest.get(id)?.name
  }

  #note(key: string): void {
    const name = key.slice(this.#folder.length)
    const [, id, generation] = /^([0-9a-f]{32})\.([1-9]\d{0,8})\.age$/.exec(name) ?? []
    if (id === undefined || Number(generation) < (this.#newest.get(id)?.generation ?? 0)) return
    this.#newest.set(id, { name, generation: Number(generation) })
  }

  async #readClear(signal?: AbortSignal): Promise<SessionKeys | undefined> {
    const key = `${this.#folder}${clearKeyId}.1.json`
    const bytes = await this.#context.store.get(key, { length: maxCheckedJsonBytes + 1, signal })
    return bytes && readingObject(key, async () => decodeKeys(bytes, key))
  }
}
