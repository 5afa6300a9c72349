// The text of a batch, handed out in pieces of whole rows that can be asked for again, smaller, where the server refuses one.
import type { BackupSource } from '../core/backup.ts'
import type { TextPlace } from './ledger/loaded-text.ts'
import type { LoadBatch } from './load-batches.ts'

const lineFeed = 0x0a

type Chunks = Pick<BackupSource, 'getChunk'>

/** Told of all of a piece that was taken up by its reader so far. */
export type OnSent = (rows: number, bytes: number) => void

/** A batch and how far the target has it. */
export class BatchText {
  readonly #source: Chunks
  readonly #batch: LoadBatch
  readonly #signal: AbortSignal | undefined
  #held = new Map<number, Promise<Buffer>>()
  /** Its chunk is counted from the first of the batch. */
  #taken: TextPlace

  constructor(source: Chunks, batch: LoadBatch, signal: AbortSignal | undefined) {
    this.#source = source
    this.#batch = batch
    this.#signal = signal
    this.#taken = { ...batch.start, chunk: 0 }
  }

  get isTaken(): boolean {
    return this.#taken.chunk === this.#batch.chunks.length
  }

  /** The rows that come after those taken: `maxBytes` of text at most, or one row where that is longer. */
  piece(maxBytes: number, onSent: OnSent = () => undefined): TextPiece {
    return new TextPiece(this.#batch, (index) => this.#chunk(index), this.#taken, { maxBytes, onSent })
  }

  /** The target has this piece; the next one begins behind it. */
  take(piece: TextPiece): void {
    this.#taken = piece.end
  }

  /** Reads one chunk ahead, so that the server never waits for the repository. */
  #chunk(index: number): Promise<Buffer> {
    const held = new Map<number, Promise<Buffer>>()
    for (const at of [index, index + 1]) {
      const chunk = this.#batch.chunks[at]
      if (chunk === undefined) continue
      const bytes = this.#held.get(at) ?? this.#source.getChunk(chunk.id, this.#signal)
      // It is awaited when its turn comes; until then it must not count as unhandled.
      bytes.catch(() => undefined)
      held.set(at, bytes)
    }
    this.#held = held
    return held.get(index) ?? Promise.reject(new RangeError(`no chunk ${index}`))
  }
}

/** To be read once. What it says of itself is about the bytes read so far. */
export class TextPiece implements AsyncIterable<Buffer> {
  readonly #batch: LoadBatch
  readonly #chunk: (index: number) => Promise<Buffer>
  readonly #maxBytes: number
  readonly #onSent: OnSent
  readonly #start: TextPlace
  #end: TextPlace
  #bytes = 0
  #rows = 0
  #endsRow = true

  constructor(
    batch: LoadBatch,
    chunk: (index: number) => Promise<Buffer>,
    start: TextPlace,
    { maxBytes, onSent }: { readonly maxBytes: number; readonly onSent: OnSent },
  ) {
    this.#batch = batch
    this.#chunk = chunk
    this.#start = start
    this.#end = start
    this.#maxBytes = maxBytes
    this.#onSent = onSent
  }

  get bytes(): number {
    return this.#bytes
  }

  /** As the backup counts them: what it says of a chunk is what all pieces of the chunk have together. */
  get rows(): number {
    return this.#rows
  }

  /** It cannot be smaller: it is one row, or the beginning of one. */
  get isOneRow(): boolean {
    return this.#rows === 0 || (this.#rows === 1 && this.#endsRow)
  }

  get end(): TextPlace {
    return this.#end
  }

  /** From where to where it goes in the text of its table. */
  get bounds(): { readonly start: TextPlace; readonly end: TextPlace } {
    const inTable = (place: TextPlace) => ({ ...place, chunk: this.#batch.start.chunk + place.chunk })
    return { start: inTable(this.#start), end: inTable(this.#end) }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#end.chunk < this.#batch.chunks.length) {
      if (this.#bytes > 0 && this.#endsRow && this.#bytes + this.#longRowBytes() > this.#maxBytes) return
      const chunk = await this.#chunk(this.#end.chunk)
      const rest = chunk.subarray(this.#end.offset)
      const length = this.#lengthOf(rest)
      if (length === 0 && rest.length > 0) return
      const bytes = rest.subarray(0, length)
      this.#advance(bytes, length === rest.length)
      if (length > 0) {
        yield bytes
        this.#onSent(this.#rows, this.#bytes)
      }
      if (length < rest.length) return
    }
  }

  /** Length of the row that begins here, where it is one that spans chunks; else 1, for no row is shorter. */
  #longRowBytes(): number {
    const ahead = this.#end.offset === 0 ? this.#batch.chunks.slice(this.#end.chunk) : []
    if (ahead[0] === undefined || ahead[0].rows > 0) return 1
    const last = ahead.findIndex((chunk) => chunk.rows > 0)
    const chunks = last < 0 ? ahead : ahead.slice(0, last + 1)
    return chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
  }

  /** How much of `rest` still belongs to this piece. Text has no LF but at the end of a row. */
  #lengthOf(rest: Buffer): number {
    const room = this.#maxBytes - this.#bytes
    if (rest.length <= room) return rest.length
    const fitting = room <= 0 ? 0 : rest.lastIndexOf(lineFeed, room - 1) + 1
    if (fitting > 0 || (this.#endsRow && this.#bytes > 0)) return fitting
    const rowEnd = rest.indexOf(lineFeed) + 1
    return rowEnd === 0 ? rest.length : rowEnd
  }

  #advance(bytes: Buffer, isChunkDone: boolean): void {
    const { chunk, offset, rows: before } = this.#end
    // Not counted where the chunk ends here: then the server's count is held against what the backup promised.
    const rows = isChunkDone ? (this.#batch.chunks[chunk]?.rows ?? 0) - before : lineFeedsIn(bytes)
    this.#rows += rows
    this.#bytes += bytes.length
    if (bytes.length > 0) this.#endsRow = bytes.at(-1) === lineFeed
    this.#end = isChunkDone
      ? { chunk: chunk + 1, offset: 0, rows: 0 }
      : { chunk, offset: offset + bytes.length, rows: before + rows }
  }
}

function lineFeedsIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count++
  return count
}
