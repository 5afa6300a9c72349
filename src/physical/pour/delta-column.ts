// The deltas of a file's cells in little memory.
import type { CellDelta } from './cell-memory.ts'
import { ChunkColumn } from './chunk-column.ts'

const isXorBit = 1 << 16

/** The length of a delta follows from its blocks, so that these are kept where a column of chunks has lengths. */
export class DeltaColumn {
  readonly #marks = new ChunkColumn()

  get count(): number {
    return this.#marks.count
  }

  set(cell: number, { id, blocks, isXor }: CellDelta): void {
    this.#marks.set(cell, id, blocks | (isXor ? isXorBit : 0))
  }

  delete(cell: number): void {
    this.#marks.delete(cell)
  }

  /** Forgets this cell and all behind it. */
  truncate(cells: number): void {
    this.#marks.truncate(cells)
  }

  /** In the order of cells. */
  *entries(): Generator<CellDelta & { readonly cell: number }> {
    for (const { cell, id, plainBytes: mark } of this.#marks.entries()) {
      yield { cell, id, blocks: mark & (isXorBit - 1), isXor: (mark & isXorBit) !== 0 }
    }
  }
}
