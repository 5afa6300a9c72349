// Filling packs with frames and putting full ones into the store, two packs in memory at most.
import type { ObjectStore } from '../storage/object-store.ts'
import { pageAlignedMemory } from '../storage/write-past-cache.ts'
import { Budget } from './budget.ts'
import type { ChunkPlace } from './chunk-index.ts'
import { freeNow } from './free-memory.ts'
import { putContentAddressed } from './put-once.ts'
import { packKey, type SourceLayout } from './repository-keys.ts'
import { fileHeaderBytes, frameHeaderBytes, proofBytes } from './sealed-format.ts'
import { type DataKey, newFileKey } from './sealed-key.ts'
import { endFrameBytes, type FrameContent, SealedWriter } from './sealed-writer.ts'

export interface StoredPack {
  readonly sha256: string
  readonly sizeBytes: number
}

/** A pack that is durable, and what lies in it. */
export interface FilledPack extends StoredPack {
  readonly chunks: readonly (readonly [id: string, place: Omit<ChunkPlace, 'pack'>])[]
}

export interface PackWriterOptions {
  readonly store: ObjectStore
  readonly layout: SourceLayout
  readonly dataKey: DataKey | undefined
  readonly targetBytes: number
  readonly signal: AbortSignal
  /** Called right before a pack is put. */
  readonly sealed?: (pack: FilledPack) => void
  /** Called with the number of a pack once it is durable. */
  readonly stored: (pack: number, stored: StoredPack) => void
  /** Gives the next pack its number. */
  readonly nextPack: () => number
}

interface OpenPack {
  readonly number: number
  readonly memory: ArrayBuffer
  readonly writer: SealedWriter
  readonly chunks: FilledPack['chunks'][number][]
}

/** One being filled and one being put. */
const maxBuffers = 2

export class PackWriter {
  readonly #options: PackWriterOptions
  readonly #buffers = new Budget(maxBuffers)
  readonly #puts = new Set<Promise<void>>()
  /** Of packs that were put. Memory that is freed and asked for again, megabytes at a time, leaves the heaps of malloc full of holes. */
  readonly #spare: ArrayBuffer[] = []
  #open: OpenPack | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #newBytes = 0

  constructor(options: PackWriterOptions) {
    this.#options = options
  }

  /** Bytes of all packs that are durable. */
  get newBytes(): number {
    return this.#newBytes
  }

  /** Appends a frame; waits while the pack before is still being put. The frame's bytes may be reused afterwards. */
  async append(frame: FrameContent): Promise<{ pack: number; offset: number; length: number }> {
    return this.#inTurn(async () => {
      const pack = await this.#packFor(frame.storedBytes)
      const { offset, length } = pack.writer.add(frame)
      const { chunkId, plainBytes } = frame
      // Before the next frame has its turn, which may seal the pack.
      if (chunkId !== undefined) pack.chunks.push([chunkId, { offset, frameBytes: length, plainBytes }])
      return { pack: pack.number, offset, length }
    })
  }

  /** Puts what is open and waits until all packs are durable. Throws the first failure of any put. */
  async flush(): Promise<void> {
    await this.#inTurn(async () => this.#close())
    await Promise.all(this.#puts)
    this.#throwIfFailed()
  }

  /** Waits until nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await this.#turn.catch(() => undefined)
    await Promise.allSettled(this.#puts)
  }

  /** Frames have an order in their pack, so one caller at a time. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn
    const own = (async () => {
      await before.catch(() => undefined)
      this.#throwIfFailed()
      return work()
    })()
    this.#turn = own.catch(() => undefined)
    return own
  }

  async #packFor(storedBytes: number): Promise<OpenPack> {
    if (this.#open !== undefined && !this.#open.writer.fits(storedBytes)) this.#close()
    if (this.#open !== undefined) return this.#open
    await this.#buffers.take(1)
    this.#throwIfFailed()
    const wanted = Math.max(this.#options.targetBytes, storedBytes + packOverheadBytes)
    const memory = this.#memoryOf(wanted)
    const writer = new SealedWriter(Buffer.from(memory), newFileKey('pack', this.#options.dataKey))
    this.#open = { number: this.#options.nextPack(), memory, writer, chunks: [] }
    return this.#open
  }

  #memoryOf(bytes: number): ArrayBuffer {
    // Takes up memory only as far as it is written to.
    if (bytes > this.#options.targetBytes) return new ArrayBuffer(bytes)
    return this.#spare.pop() ?? pageAlignedMemory(bytes)
  }

  #close(): void {
    const pack = this.#open
    if (pack === undefined) return
    this.#open = undefined
    const { bytes, sha256 } = pack.writer.finish()
    this.#options.sealed?.({ sha256, sizeBytes: bytes.length, chunks: pack.chunks })
    const put = this.#put(pack, bytes, sha256)
    this.#puts.add(put)
    void put.finally(() => this.#puts.delete(put))
  }

  /** Never rejects: a failure is kept for whoever comes next. */
  async #put(pack: OpenPack, bytes: Buffer, sha256: string): Promise<void> {
    try {
      await putContentAddressed(
        this.#options.store,
        packKey(this.#options.layout, sha256),
        bytes,
        this.#options.signal,
      )
      this.#newBytes += bytes.length
      this.#options.stored(pack.number, { sha256, sizeBytes: bytes.length })
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      if (pack.memory.byteLength > this.#options.targetBytes) freeNow(pack.memory)
      else this.#spare.push(pack.memory)
      this.#buffers.give(1)
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

const packOverheadBytes = fileHeaderBytes + frameHeaderBytes + proofBytes + endFrameBytes
