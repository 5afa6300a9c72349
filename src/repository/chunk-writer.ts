// The way of a chunk into a pack: named, looked up, compressed and appended, with a bound on all that is under way.
import assert from 'node:assert/strict'
import { Budget } from './budget.ts'
import type { ChunkIdMaker } from './chunk-id.ts'
import type { ChunkPlace } from './chunk-index.ts'
import { compressPayload } from './compression.ts'
import { freeNow } from './free-memory.ts'
import type { PackWriter } from './pack-writer.ts'
import { maxPlainBytes } from './sealed-format.ts'

/** Three chunks of 4 MiB, the largest: one being read into, one being compressed, one waiting for its pack. */
const underWayBytes = 12 * 1024 * 1024

/** What a chunk costs besides its bytes, so that a flood of tiny ones is bounded too. */
const bookkeepingBytes = 4096

/** Longer chunks are worked on in their caller's buffer, who waits: a copy of them would cost more memory than it saves time. */
const maxCopiedBytes = 4 * 1024 * 1024 + 512 * 1024

export interface ChunkWriterOptions {
  readonly makeId: ChunkIdMaker
  readonly packs: PackWriter
  readonly compressLevel: number
  /** True when the chunk is in the repository and may be referred to. */
  readonly isKnown: (id: string) => Promise<boolean>
  readonly stored: (id: string, place: ChunkPlace) => void
}

export class ChunkWriter {
  readonly #options: ChunkWriterOptions
  readonly #budget = new Budget(underWayBytes)
  readonly #underWay = new Map<string, Promise<void>>()
  #ratio = 0.5
  #failure: { readonly error: unknown } | undefined

  constructor(options: ChunkWriterOptions) {
    this.#options = options
  }

  /** See BackupSink.putChunk. */
  async put(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    assert(bytes.length <= maxPlainBytes, `a chunk has at most ${maxPlainBytes} bytes, not ${bytes.length}`)
    this.#throwIfFailed()
    const taken = await this.#budget.take(bytes.length + bookkeepingBytes)
    const isCopied = bytes.length <= maxCopiedBytes
    let storing: Promise<void> | undefined
    let id: string
    try {
      signal?.throwIfAborted()
      this.#throwIfFailed()
      id = this.#options.makeId(bytes)
      const isKnown = this.#underWay.has(id) || (await this.#options.isKnown(id)) || this.#underWay.has(id)
      if (!isKnown) storing = isCopied ? this.#storeCopy(id, bytes) : this.#store(id, bytes)
    } catch (error) {
      this.#budget.give(taken)
      throw error
    }
    const done = storing?.finally(() => this.#budget.give(taken))
    if (done === undefined) {
      this.#budget.give(taken)
      return id
    }
    this.#underWay.set(id, done)
    void done.finally(() => this.#underWay.delete(id))
    if (!isCopied) {
      await done
      this.#throwIfFailed()
    }
    return id
  }

  /** Waits until all chunks lie in packs. Throws the first failure of any. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay.values())
    this.#throwIfFailed()
  }

  /** Waits until nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  async #storeCopy(id: string, bytes: Uint8Array): Promise<void> {
    const memory = new ArrayBuffer(bytes.length)
    const copy = new Uint8Array(memory)
    copy.set(bytes)
    await this.#store(id, copy)
    freeNow(memory)
  }

  /** Never rejects: a failure is kept for whoever comes next. */
  async #store(id: string, payload: Uint8Array): Promise<void> {
    try {
      const { compressLevel, packs } = this.#options
      const compressed = await compressPayload(payload, { level: compressLevel, expectedRatio: this.#ratio })
      if (payload.length > 0) this.#ratio = compressed.storedBytes / payload.length
      const frame = { ...compressed, type: 'chunk', plainBytes: payload.length, chunkId: id } as const
      const { pack, offset, length } = await packs.append(frame)
      this.#options.stored(id, { pack, offset, frameBytes: length, plainBytes: payload.length })
      if (compressed.isCompressed) for (const { buffer } of compressed.pieces) freeNow(buffer)
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
