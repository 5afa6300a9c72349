// What of one file is stored: a chunk for each cell that is not all zeros, and patches laid over it in the order they came.
import type { ObjectChunk, StoredObject } from '../../core/backup.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import type { ByteRuns } from './byte-runs.ts'
import { ChunkColumn } from './chunk-column.ts'

const unknownId = '00'.repeat(32)

interface Patch {
  readonly spans: [number, number][]
  readonly plainBytes: number
  id: string
}

/** Bytes to be stored as one chunk, and where to note its id when it is known. */
export interface CellChunk {
  readonly bytes: Uint8Array
  readonly stored: (id: string) => void
}

export class PouredCells {
  readonly #bases = new ChunkColumn()
  readonly #patches = new Map<number, Patch[]>()
  /** Cells whose base is being stored, with what may note its id: a later base takes the place away. */
  readonly #storing = new Map<number, object>()

  has(cell: number): boolean {
    return this.#bases.plainBytes(cell) > 0
  }

  /**
   * Takes what was written of a cell: `written` of `buffer`, which has zeros elsewhere. Answers the chunk to store, or nothing where
   * there is nothing to store. `cellEnd` is the length of the cell within the file.
   */
  put(cell: number, buffer: Buffer, written: ByteRuns, cellEnd: number): CellChunk | undefined {
    if (this.has(cell) && !written.coversUpTo(cellEnd)) return this.#patch(cell, buffer, written)
    this.#drop(cell)
    const bytes = buffer.subarray(0, written.end)
    return isAllZeros(bytes) ? undefined : this.#base(cell, bytes)
  }

  /** Forgets this cell and all behind it. */
  truncate(cells: number): void {
    this.#bases.truncate(cells)
    for (const cell of this.#patches.keys()) if (cell >= cells) this.#patches.delete(cell)
    for (const cell of this.#storing.keys()) if (cell >= cells) this.#storing.delete(cell)
  }

  /** To be asked for when every chunk has its id. */
  describe(): {
    readonly map: Pick<FileContent, 'cells' | 'patches'>
    readonly chunks: StoredObject['chunks']
  } {
    const cells: [number, number][] = []
    for (const { cell } of this.#bases.entries()) {
      const last = cells.at(-1)
      if (last !== undefined && last[0] + last[1] === cell) last[1] += 1
      else cells.push([cell, 1])
    }
    const patches = [...this.#patches].toSorted(([a], [b]) => a - b)
    const bases = this.#bases
    const chunks = {
      length: bases.count + patches.reduce((sum, [, each]) => sum + each.length, 0),
      *[Symbol.iterator](): Generator<ObjectChunk> {
        for (const { id, plainBytes } of bases.entries()) yield { id, plainBytes, rows: 0, rowHash: '' }
        for (const [, each] of patches)
          for (const { id, plainBytes } of each) yield { id, plainBytes, rows: 0, rowHash: '' }
      },
    }
    return {
      map: {
        cells,
        patches: patches.flatMap(([cell, each]) =>
          each.map(({ spans }) => [cell, spans] as [number, [number, number][]]),
        ),
      },
      chunks,
    }
  }

  #base(cell: number, bytes: Buffer): CellChunk {
    const token = {}
    this.#bases.set(cell, unknownId, bytes.length)
    this.#storing.set(cell, token)
    return {
      bytes,
      stored: (id) => {
        if (this.#storing.get(cell) !== token) return
        this.#storing.delete(cell)
        this.#bases.set(cell, id, bytes.length)
      },
    }
  }

  #patch(cell: number, buffer: Buffer, written: ByteRuns): CellChunk | undefined {
    const { spans } = written
    if (spans.length === 0) return undefined
    const bytes = Buffer.concat(spans.map(([start, length]) => buffer.subarray(start, start + length)))
    const patch: Patch = { spans, plainBytes: bytes.length, id: unknownId }
    const patches = this.#patches.get(cell)
    if (patches === undefined) this.#patches.set(cell, [patch])
    else patches.push(patch)
    return {
      bytes,
      stored: (id) => {
        patch.id = id
      },
    }
  }

  #drop(cell: number): void {
    this.#bases.delete(cell)
    this.#patches.delete(cell)
    this.#storing.delete(cell)
  }
}

const zeros = Buffer.alloc(cellBytes)

export function isAllZeros(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0
}
