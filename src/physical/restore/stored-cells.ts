// The cells of a file in a backup, each put together from its chunk, its delta and the patches laid over it.
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { deltaBytes, spansOf } from '../pour/cell-memory.ts'
import { DeltaList } from '../pour/delta-list.ts'
import { wholeCell, xorInto } from '../pour/xor-cells.ts'

/** A cell that is not all zeros. */
export interface StoredCell {
  readonly cell: number
  readonly base: ObjectChunk
  readonly layers: readonly CellLayer[]
}

interface CellLayer {
  readonly chunk: ObjectChunk
  /** Start and length, within the cell. */
  readonly spans: readonly (readonly [number, number])[]
  /** To be XORed with what is there, instead of taking its place. */
  readonly isXor: boolean
}

/** Of one file, in order. Each is made when it is asked for: there may be millions. */
export class StoredCells implements Iterable<StoredCell> {
  readonly #runs: FileContent['cells']
  /** For each run, how many cells are stored before it. */
  readonly #before: readonly number[]
  readonly #count: number
  readonly #deltas: DeltaList
  readonly #patches = new Map<number, CellLayer[]>()
  readonly #chunks: readonly ObjectChunk[]

  /** Throws VERIFY_FAILED where the map and the chunks do not belong together. */
  constructor(file: FileContent, deltas: DeltaList, chunks: readonly ObjectChunk[]) {
    this.#runs = file.cells
    this.#deltas = deltas
    this.#chunks = chunks
    const before: number[] = []
    let count = 0
    let end = 0
    for (const [first, number] of file.cells) {
      if (first < end) throw mismatch(file, `cell ${first} comes after cell ${end - 1}`)
      before.push(count)
      count += number
      end = first + number
    }
    this.#before = before
    this.#count = count
    const expected = count + deltas.count + file.patches.length
    if (chunks.length !== expected)
      throw mismatch(file, `${expected} chunks are expected, ${chunks.length} are there`)
    for (let at = 0; at < deltas.count; at += 1) {
      const { cell, blocks } = deltas.at(at)
      if (this.#place(cell) === undefined) throw mismatch(file, `cell ${cell} has a delta, and is not stored`)
      if (chunks[count + at]!.plainBytes !== deltaBytes(blocks))
        throw mismatch(file, `the delta of cell ${cell} is not as long as its blocks`)
    }
    for (const [at, [cell, spans]] of file.patches.entries()) {
      const chunk = chunks[count + deltas.count + at]!
      if (spans.reduce((sum, [, bytes]) => sum + bytes, 0) !== chunk.plainBytes)
        throw mismatch(file, `a patch of cell ${cell} is not as long as its spans`)
      const known = this.#patches.get(cell)
      const patch = { chunk, spans, isXor: false }
      if (known === undefined) this.#patches.set(cell, [patch])
      else known.push(patch)
    }
  }

  *[Symbol.iterator](): Generator<StoredCell> {
    for (const [run, [first, number]] of this.#runs.entries()) {
      for (let at = 0; at < number; at += 1) yield this.#cell(first + at, this.#before[run]! + at)
    }
  }

  /** Undefined for a cell of zeros. */
  find(cell: number): StoredCell | undefined {
    const place = this.#place(cell)
    return place === undefined ? undefined : this.#cell(cell, place)
  }

  #cell(cell: number, place: number): StoredCell {
    const at = this.#deltas.find(cell)
    const patches = this.#patches.get(cell) ?? []
    return {
      cell,
      base: this.#chunks[place]!,
      layers: at === undefined ? patches : [this.#delta(at), ...patches],
    }
  }

  #delta(at: number): CellLayer {
    const { blocks, isXor } = this.#deltas.at(at)
    return { chunk: this.#chunks[this.#count + at]!, spans: spansOf(blocks), isXor }
  }

  /** Which chunk is that of this cell. */
  #place(cell: number): number | undefined {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const [first, number] = this.#runs[middle]!
      if (cell < first) high = middle
      else if (cell >= first + number) low = middle + 1
      else return this.#before[middle]! + cell - first
    }
    return undefined
  }
}

/** Throws VERIFY_FAILED where the file's map and its chunks do not belong together. */
export async function storedCells(
  backup: BackupSource,
  file: FileContent,
  signal?: AbortSignal,
): Promise<StoredCells> {
  const deltas = deltasOf(file)
  // A file without a stored cell has no object.
  const isStored = file.cells.length + deltas.count + file.patches.length > 0
  return new StoredCells(file, deltas, isStored ? (await backup.object(file.path, signal)).chunks : [])
}

/** The bytes of a cell, up to the end of the file. Those behind the last one that was stored are zeros and may be missing. */
export async function readCell(
  backup: BackupSource,
  file: FileContent,
  { cell, base, layers }: StoredCell,
  signal?: AbortSignal,
): Promise<Buffer> {
  const end = Math.min(cellBytes, file.sizeBytes - cell * cellBytes)
  const chunk = await backup.getChunk(base.id, signal)
  if (layers.length === 0) return chunk.subarray(0, end)
  const bytes = wholeCell(chunk)
  for (const { chunk, spans, isXor } of layers) {
    const layer = await backup.getChunk(chunk.id, signal)
    let taken = 0
    for (const [start, length] of spans) {
      const piece = layer.subarray(taken, taken + length)
      if (isXor) xorInto(bytes, start, piece)
      else piece.copy(bytes, start)
      taken += length
    }
  }
  return bytes.subarray(0, end)
}

function deltasOf(file: FileContent): DeltaList {
  try {
    return new DeltaList(file.deltas ?? '', file.path)
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw mismatch(file, error.message, error)
  }
}

function mismatch({ path }: FileContent, what: string, cause?: Error): HoldfastError {
  const message = `the map of ${path} does not fit its chunks: ${what}`
  return new HoldfastError('VERIFY_FAILED', message, { path }, { cause })
}
