// Which chunks of the state a clone is in have arrived: what a donor is told when it is to go on after a broken connection.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { TaskProgress } from './descriptor.ts'
import type { ReceivedChunks } from './locator.ts'

// A chunk is 4096 pages: 2^24 of them are 256 TiB with pages of 4 KiB. What says it has more is no donor.
const maxChunks = 2 ** 24

/** One connection brings a chunk after the other, so one that is followed by another has come whole. */
export class ChunkTally {
  readonly #chunks: number
  readonly #bits: Uint32Array
  readonly #partial = new Map<number, number>()
  #current: number | undefined

  /** Throws MalformedDataError. */
  constructor(chunks: number) {
    if (chunks > maxChunks) throw malformed(`at most ${maxChunks} chunks`, chunks)
    this.#chunks = chunks
    this.#bits = new Uint32Array(Math.ceil(chunks / 32))
  }

  /** Notes a block that is safe. Throws MalformedDataError for a chunk that the state does not have. */
  add({ chunk, block }: TaskProgress): void {
    if (chunk !== this.#current) {
      if (this.#current !== undefined) this.#partial.delete(this.#current)
      this.#current = chunk
      this.#set(chunk)
    }
    this.#partial.set(chunk, block)
  }

  /** Notes chunks that will not come: of a file that was dropped. */
  skip(firstChunk: number, lastChunk: number): void {
    for (let chunk = firstChunk; chunk <= lastChunk; chunk++) this.#set(chunk)
  }

  /** The first chunk of which nothing came. */
  missing(): number | undefined {
    for (let chunk = 1; chunk <= this.#chunks; chunk++) {
      if ((((this.#bits[(chunk - 1) >>> 5] ?? 0) >>> ((chunk - 1) & 31)) & 1) === 0) return chunk
    }
    return undefined
  }

  /** The chunk that was under way is one in part from now on, whatever comes next. */
  interrupt(): ReceivedChunks {
    this.#current = undefined
    return { bits: this.#bits, partial: this.#partial }
  }

  #set(chunk: number): void {
    if (chunk < 1 || chunk > this.#chunks) throw malformed(`a chunk from 1 to ${this.#chunks}`, chunk)
    const word = (chunk - 1) >>> 5
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << ((chunk - 1) & 31))
  }
}

function malformed(expected: string, found: number): MalformedDataError {
  return new MalformedDataError({ what: 'clone descriptor', offset: 0, expected, found: String(found) })
}
