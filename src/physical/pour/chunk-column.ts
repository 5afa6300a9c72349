// Chunk ids and lengths of a file's cells in little memory: a file of a terabyte has four million of them.

/** 16 cells are 4 MiB: most files have one block, and a block costs 576 bytes. */
const blockCells = 16
const idBytes = 32
const entryBytes = idBytes + 4

export interface StoredCell {
  readonly cell: number
  readonly id: string
  readonly plainBytes: number
}

export class ChunkColumn {
  readonly #blocks = new Map<number, Buffer>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** `id` is 64 hex digits. */
  set(cell: number, id: string, plainBytes: number): void {
    const number = Math.floor(cell / blockCells)
    let block = this.#blocks.get(number)
    if (block === undefined) {
      block = Buffer.alloc(blockCells * entryBytes)
      this.#blocks.set(number, block)
    }
    const at = (cell % blockCells) * entryBytes
    if (block.readUInt32LE(at + idBytes) === 0) this.#count += 1
    block.write(id, at, idBytes, 'hex')
    block.writeUInt32LE(plainBytes, at + idBytes)
  }

  /** Length of the cell's chunk in bytes; 0 where there is none. */
  plainBytes(cell: number): number {
    const block = this.#blocks.get(Math.floor(cell / blockCells))
    return block?.readUInt32LE((cell % blockCells) * entryBytes + idBytes) ?? 0
  }

  delete(cell: number): void {
    if (this.plainBytes(cell) === 0) return
    this.#blocks
      .get(Math.floor(cell / blockCells))
      ?.writeUInt32LE(0, (cell % blockCells) * entryBytes + idBytes)
    this.#count -= 1
  }

  /** Forgets this cell and all behind it. */
  truncate(cells: number): void {
    for (const number of this.#blocks.keys()) {
      if ((number + 1) * blockCells <= cells) continue
      for (let at = 0; at < blockCells; at += 1) {
        const cell = number * blockCells + at
        if (cell >= cells) this.delete(cell)
      }
      if (number * blockCells >= cells) this.#blocks.delete(number)
    }
  }

  /** In the order of cells. */
  *entries(): Generator<StoredCell> {
    for (const [number, block] of [...this.#blocks].toSorted(([a], [b]) => a - b)) {
      for (let at = 0; at < blockCells; at += 1) {
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
}
