// What of one file is stored: a chunk for each cell that is not all zeros, and patches laid over it in the order they came.
import type { ObjectChunk } from '../../core/backup.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import type { ByteRuns } from './byte-runs.ts'
import { deltaBytes, type KeptCell } from './cell-memory.ts'
import { ChunkColumn } from './chunk-column.ts'
import { DeltaColumn } from './delta-column.ts'
import { encodeDeltas } from './delta-list.ts'

const unknownId = '00'.repeat(32)

/** One for all files without any. */
const noPatches: FileContent['patches'] = []

interface Patch {
  readonly spans: [number, number][]
  readonly plainBytes: number
  id: string
}

/** What has to be stored, and where to note what became of it. */
export type CellChange =
  | { readonly kind: 'base'; readonly end: number; readonly stored: (kept: KeptCell) => void }
  | { readonly kind: 'patch'; readonly bytes: Buffer; readonly stored: (id: string) => void }

export class PouredCells implements Iterable<ObjectChunk> {
  readonly #bases = new ChunkColumn()
  /** Made when they are needed, and all but always they are not: there may be fifty thousand files. */
  #deltas: DeltaColumn | undefined
  #patches: Map<number, Patch[]> | undefined
  /** Cells whose base is being stored, with what may note its id: a later base takes the place away. */
  #storing: Map<number, object> | undefined

  has(cell: number): boolean {
    return this.#bases.plainBytes(cell) > 0
  }

  /**
   * Takes what was written of a cell: `written` of `buffer`, in which all else is made zeros up to there. Answers what is to be stored, if anything. `cellEnd` is the length of the cell within the file.
   */
  put(cell: number, buffer: Buffer, written: ByteRuns, cellEnd: number): CellChange | undefined {
    if (this.has(cell) && !written.coversUpTo(cellEnd)) return this.#patch(cell, buffer, written)
    this.#drop(cell)
    written.clearGaps(buffer)
    return isAllZeros(buffer.subarray(0, written.end)) ? undefined : this.#base(cell, written.end)
  }

  /** Forgets this cell and all behind it. */
  truncate(cells: number): void {
    this.#bases.truncate(cells)
    this.#deltas?.truncate(cells)
    for (const column of [this.#patches, this.#storing]) {
      for (const cell of column?.keys() ?? []) if (cell >= cells) column?.delete(cell)
    }
  }

  /** Which chunk is what. */
  get map(): Pick<FileContent, 'cells' | 'deltas' | 'patches'> {
    const cells: [number, number][] = []
    for (const { cell } of this.#bases.entries()) {
      const last = cells.at(-1)
      if (last !== undefined && last[0] + last[1] === cell) last[1] += 1
      else cells.push([cell, 1])
    }
    const deltas = this.#deltas
    const hasDeltas = deltas !== undefined && deltas.count > 0
    return {
      cells,
      ...(hasDeltas ? { deltas: encodeDeltas(deltas.entries(), deltas.count) } : {}),
      patches:
        this.#patches === undefined
          ? noPatches
          : Array.from(this.#patchesInOrder(), ({ cell, spans }) => [cell, spans]),
    }
  }

  /** How many chunks there are. */
  get length(): number {
    let patches = 0
    for (const each of this.#patches?.values() ?? []) patches += each.length
    return this.#bases.count + (this.#deltas?.count ?? 0) + patches
  }

  /** All chunks in their order. To be asked for when each has its id. */
  *[Symbol.iterator](): Generator<ObjectChunk> {
    for (const { id, plainBytes } of this.#bases.entries()) yield { id, plainBytes, rows: 0, rowHash: '' }
    for (const { id, blocks } of this.#deltas?.entries() ?? [])
      yield { id, plainBytes: deltaBytes(blocks), rows: 0, rowHash: '' }
    for (const { id, plainBytes } of this.#patchesInOrder()) yield { id, plainBytes, rows: 0, rowHash: '' }
  }

  *#patchesInOrder(): Generator<Patch & { readonly cell: number }> {
    for (const [cell, patches] of [...(this.#patches ?? [])].toSorted(([a], [b]) => a - b)) {
      for (const patch of patches) yield { cell, ...patch }
    }
  }

  #base(cell: number, end: number): CellChange {
    const token = {}
    this.#bases.set(cell, unknownId, end)
    const storing = (this.#storing ??= new Map())
    storing.set(cell, token)
    return {
      kind: 'base',
      end,
      stored: ({ base, delta }) => {
        if (storing.get(cell) !== token) return
        storing.delete(cell)
        if (storing.size === 0 && this.#storing === storing) this.#storing = undefined
        this.#bases.set(cell, base.id, base.plainBytes)
        if (delta !== undefined) (this.#deltas ??= new DeltaColumn()).set(cell, delta)
      },
    }
  }

  #patch(cell: number, buffer: Buffer, written: ByteRuns): CellChange | undefined {
    const { spans } = written
    if (spans.length === 0) return undefined
    const bytes = Buffer.concat(spans.map(([start, length]) => buffer.subarray(start, start + length)))
    const patch: Patch = { spans, plainBytes: bytes.length, id: unknownId }
    const patches = this.#patches?.get(cell)
    if (patches === undefined) (this.#patches ??= new Map()).set(cell, [patch])
    else patches.push(patch)
    return {
      kind: 'patch',
      bytes,
      stored: (id) => {
        patch.id = id
      },
    }
  }

  #drop(cell: number): void {
    this.#bases.delete(cell)
    this.#deltas?.delete(cell)
    this.#patches?.delete(cell)
    this.#storing?.delete(cell)
  }
}

const zeros = Buffer.alloc(cellBytes)

export function isAllZeros(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0
}
