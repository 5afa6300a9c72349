// A pack read from front to back in small pieces, hashed on the way.
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../storage/object-store.ts'

/** Long enough that a request costs little, short enough that what was read leaves memory soon. */
const pieceBytes = 1024 * 1024

export class PackPieces {
  readonly #store: ObjectStore
  readonly #key: string
  readonly #sizeBytes: number
  readonly #signal: AbortSignal | undefined
  readonly #hash = createHash('sha256')
  #ahead: Buffer = Buffer.alloc(0)
  #read = 0
  #isMissing = false

  constructor(store: ObjectStore, key: string, sizeBytes: number, signal: AbortSignal | undefined) {
    this.#store = store
    this.#key = key
    this.#sizeBytes = sizeBytes
    this.#signal = signal
  }

  /** Where the next byte lies in the pack. */
  get offset(): number {
    return this.#read - this.#ahead.length
  }

  /** The next bytes; fewer only at the end of the pack. */
  async take(length: number): Promise<Buffer> {
    if (this.#ahead.length < length) {
      const more = await this.#fetch(Math.max(pieceBytes, length - this.#ahead.length))
      this.#ahead = this.#ahead.length === 0 ? more : Buffer.concat([this.#ahead, more])
    }
    const taken = this.#ahead.subarray(0, length)
    this.#ahead = this.#ahead.subarray(taken.length)
    return taken
  }

  /** Of the whole pack, however much of it was taken; undefined when it is not there any more. */
  async sha256(): Promise<string | undefined> {
    this.#ahead = Buffer.alloc(0)
    while ((await this.#fetch(pieceBytes)).length > 0);
    return this.#isMissing ? undefined : this.#hash.digest('hex')
  }

  async #fetch(length: number): Promise<Buffer> {
    // What was listed bounds what is asked for, and one byte more shows a pack that is longer than it was listed.
    const wanted = Math.min(length, this.#sizeBytes + 1 - this.#read)
    if (wanted <= 0) return Buffer.alloc(0)
    const bytes = await this.#store.get(this.#key, {
      offset: this.#read,
      length: wanted,
      signal: this.#signal,
    })
    if (bytes === undefined) {
      this.#isMissing = true
      return Buffer.alloc(0)
    }
    this.#read += bytes.length
    this.#hash.update(bytes)
    return bytes
  }
}
