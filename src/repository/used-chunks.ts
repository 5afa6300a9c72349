// The chunks that one backup refers to, each once, and the packs that they lie in.
import { ChunkIndex } from './chunk-index.ts'
import type { ChunkLocation } from './documents.ts'

export class UsedChunks {
  readonly index = new ChunkIndex()
  /** Names of packs; places in `index` point into this list. */
  readonly packs: string[] = []
  readonly #packNumbers = new Map<string, number>()
  #frameBytes = 0

  /** Bytes that these chunks take in packs. */
  get frameBytes(): number {
    return this.#frameBytes
  }

  /** Notes a chunk and gives it back. */
  take(location: ChunkLocation): ChunkLocation {
    const { id, offset, frameBytes, plainBytes } = location
    if (this.index.find(id) !== undefined) return location
    let pack = this.#packNumbers.get(location.pack)
    if (pack === undefined) {
      pack = this.packs.push(location.pack) - 1
      this.#packNumbers.set(location.pack, pack)
    }
    this.index.set(id, { pack, offset, frameBytes, plainBytes })
    this.#frameBytes += frameBytes
    return location
  }
}
