// Chunk ids and lengths of a file's cells in little memory: a file of a terabyte has four million of them.

/** 16 cells are 4 MiB: most files have one block, of which only what is used takes up memory. */
const blockCells = 16
const idBytes = 32
const entryBytes = idBytes + 4
const noBlock = Buffer.alloc(0)

/**
 * Memory for the blocks of many files: one of its own would cost each some hundred bytes more. In Node's pool they would keep alive
 * whatever short-lived buffers lie between them, a hundred times as much.
 */
const slabBytes = 64 * 1024
let slab = Buffer.alloc(0)
let taken = 0

function zeroedPiece(length: number): Buffer {
  if (taken + length > slab.length) {
    slab = Buffer.alloc(slabBytes)
    taken = 0
  }
  taken += length
  return slab.subarray(taken - length, taken)
}

export interface StoredCell {
  readonly cell: number
  readonly id: string
  readonly plainBytes: number
}

export class ChunkColumn {
  /** The first 4 MiB, which is all there is of most files: fifty thousand of them do without a map. */
  #first: Buffer = noBlock
  #others: Map<number, Buffer> | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  /** `id` is 64 hex digits. */
  set(cell: number, id: string, plainBytes: number): void {
    const within = cell % blockCells
    const number = (cell - within) / blockCells
    const block = this.#room(number, within)
    const at = within * entryBytes
    if (block.readUInt32LE(at + idBytes) === 0) this.#count += 1
    block.write(id, at, idBytes, 'hex')
    block.writeUInt32LE(plainBytes, at + idBytes)
  }

  /** Length of the cell's chunk in bytes; 0 where there is none. */
  plainBytes(cell: number): number {
    const within = cell % blockCells
    const block = this.#block((cell - within) / blockCells)
    return within * entryBytes < block.length ? block.readUInt32LE(within * entryBytes + idBytes) : 0
  }

  delete(cell: number): void {
    if (this.plainBytes(cell) === 0) return
    const within = cell % blockCells
    this.#block((cell - within) / blockCells).writeUInt32LE(0, within * entryBytes + idBytes)
    this.#count -= 1
  }

  /** Forgets this cell and all behind it. */
  truncate(cells: number): void {
    for (const [number, block] of this.#blocks()) {
      for (let at = 0; at < block.length / entryBytes; at += 1) {
        const cell = number * blockCells + at
        if (cell >= cells) this.delete(cell)
      }
      if (number * blockCells >= cells) this.#put(number, noBlock)
    }
  }

  /** In the order of cells. */
  *entries(): Generator<StoredCell> {
    for (const [number, block] of this.#blocks()) {
      for (let at = 0; at < block.length / entryBytes; at += 1) {
        const start = at * entryBytes
        const plainBytes = block.readUInt32LE(start + idBytes)
        if (plainBytes === 0) continue
        yield {
          cell: number * blockCells + at,
          id: block.toString('hex', start, start + idBytes),
          plainBytes,
        }
      }
    }
  }

  /** In their order. */
  #blocks(): readonly (readonly [number, Buffer])[] {
    const others = [...(this.#others ?? [])].toSorted(([a], [b]) => a - b)
    return this.#first.length === 0 ? others : [[0, this.#first], ...others]
  }

  #block(number: number): Buffer {
    return (number === 0 ? this.#first : this.#others?.get(number)) ?? noBlock
  }

  /** A block that has this entry; it grows to what is needed, and then to its full length. */
  #room(number: number, within: number): Buffer {
    const block = this.#block(number)
    if (within * entryBytes < block.length) return block
    const entries = block.length === 0 ? within + 1 : blockCells
    const grown = zeroedPiece(entries * entryBytes)
    block.copy(grown)
    this.#put(number, grown)
    return grown
  }

  #put(number: number, block: Buffer): void {
    if (number === 0) this.#first = block
    else if (block.length === 0) this.#others?.delete(number)
    else (this.#others ??= new Map()).set(number, block)
  }
}
