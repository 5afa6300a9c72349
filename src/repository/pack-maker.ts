// A sink on a thread of its own: it names, compresses, seals and puts chunks of a backup whose session lives on another thread.
import assert from 'node:assert/strict'
import type { BackupSink } from '../core/backup.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { type ChunkIdMaker, chunkIdMaker } from './chunk-id.ts'
import type { ChunkPlace } from './chunk-index.ts'
import { compressNow } from './compression.ts'
import { freeNow } from './free-memory.ts'
import { type FilledPack, PackWriter } from './pack-writer.ts'
import type { SourceLayout } from './repository-keys.ts'
import { maxPlainBytes } from './sealed-format.ts'

/** What a pack maker needs to know of its session: plain data, so that it can be posted to a thread. Holds keys. */
export interface PackMakerTicket {
  readonly layout: SourceLayout
  /** Absent in a clear repository. */
  readonly dataKey: { readonly id: string; readonly key: Uint8Array } | undefined
  readonly chunkIdKey: Uint8Array
  readonly packBytes: number
  readonly compressLevel: number
}

/** The session, as seen by a pack maker. */
export interface PackMakerOwner {
  /** True when the asker is to store this chunk; false when the backup can refer to it already, or another one is storing it. */
  claim(id: string): Promise<boolean>
  /** Called once for each pack. */
  filled(pack: FilledPack): void
}

export class PackMaker implements BackupSink {
  readonly #owner: PackMakerOwner
  readonly #makeId: ChunkIdMaker
  readonly #packs: PackWriter
  readonly #contents = new Map<number, [string, Omit<ChunkPlace, 'pack'>][]>()
  readonly #level: number
  #lastPack = -1

  constructor(store: ObjectStore, ticket: PackMakerTicket, owner: PackMakerOwner, signal: AbortSignal) {
    const { layout, dataKey, chunkIdKey, packBytes, compressLevel } = ticket
    this.#owner = owner
    this.#level = compressLevel
    // What was posted has become bare arrays of bytes.
    this.#makeId = chunkIdMaker(Buffer.from(chunkIdKey))
    this.#packs = new PackWriter({
      store,
      layout,
      dataKey: dataKey && { id: dataKey.id, key: Buffer.from(dataKey.key) },
      targetBytes: packBytes,
      signal,
      nextPack: () => {
        this.#lastPack += 1
        this.#contents.set(this.#lastPack, [])
        return this.#lastPack
      },
      stored: (pack, stored) => {
        owner.filled({ ...stored, chunks: this.#contents.get(pack) ?? [] })
        this.#contents.delete(pack)
      },
    })
  }

  /** See BackupSink.putChunk. The thread itself compresses: whoever has a thread to itself gains nothing by a trip to a pool. */
  async putChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    assert(bytes.length <= maxPlainBytes, `a chunk has at most ${maxPlainBytes} bytes, not ${bytes.length}`)
    signal?.throwIfAborted()
    const id = this.#makeId(bytes)
    if (!(await this.#owner.claim(id))) return id
    const compressed = compressNow(bytes, this.#level)
    const frame = { ...compressed, type: 'chunk', plainBytes: bytes.length, chunkId: id } as const
    const { pack, offset, length } = await this.#packs.append(frame)
    this.#contents.get(pack)?.push([id, { offset, frameBytes: length, plainBytes: bytes.length }])
    if (compressed.isCompressed) for (const { buffer } of compressed.pieces) freeNow(buffer)
    return id
  }

  /** Resolves when all chunks are durable and the owner knows where. Throws the first failure of any. */
  async flush(): Promise<void> {
    await this.#packs.flush()
  }

  /** Waits until nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await this.#packs.settle()
  }
}
