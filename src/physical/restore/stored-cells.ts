// The cells of a file in a backup, each put together from its chunk and the patches laid over it.
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { wholeCell, xorInto } from '../pour/xor-cells.ts'

/** A cell that is not all zeros. */
export interface StoredCell {
  readonly cell: number
  readonly base: ObjectChunk
  readonly patches: readonly CellPatch[]
}

interface CellPatch {
  readonly chunk: ObjectChunk
  /** Start and length, within the cell. */
  readonly spans: readonly (readonly [number, number])[]
  /** To be XORed with what is there, instead of taking its place. */
  readonly isXor: boolean
}

/** The stored cells of a file, in order. Throws VERIFY_FAILED where the file's map and its chunks do not belong together. */
export async function storedCells(
  backup: BackupSource,
  file: FileContent,
  signal?: AbortSignal,
): Promise<readonly StoredCell[]> {
  const cells = file.cells.flatMap(([first, number]) => Array.from({ length: number }, (_, at) => first + at))
  const expected = cells.length + file.patches.length
  const chunks = expected === 0 ? [] : (await backup.object(file.path, signal)).chunks
  if (chunks.length !== expected)
    throw mismatch(file, `${expected} chunks are expected, ${chunks.length} are there`)
  const patches = new Map<number, CellPatch[]>()
  for (const [at, [cell, spans, how]] of file.patches.entries()) {
    const chunk = chunks[cells.length + at]!
    const length = spans.reduce((sum, [, bytes]) => sum + bytes, 0)
    if (length !== chunk.plainBytes)
      throw mismatch(file, `a patch of cell ${cell} is not as long as its spans`)
    const known = patches.get(cell)
    const patch = { chunk, spans, isXor: how === 'xor' }
    if (known === undefined) patches.set(cell, [patch])
    else known.push(patch)
  }
  let last = -1
  return cells.map((cell, at) => {
    if (cell <= last) throw mismatch(file, `cell ${cell} comes after cell ${last}`)
    last = cell
    return { cell, base: chunks[at]!, patches: patches.get(cell) ?? [] }
  })
}

/** The bytes of a cell, up to the end of the file. Those behind the last one that was stored are zeros and may be missing. */
export async function readCell(
  backup: BackupSource,
  file: FileContent,
  { cell, base, patches }: StoredCell,
  signal?: AbortSignal,
): Promise<Buffer> {
  const end = Math.min(cellBytes, file.sizeBytes - cell * cellBytes)
  const chunk = await backup.getChunk(base.id, signal)
  if (patches.length === 0) return chunk.subarray(0, end)
  const bytes = wholeCell(chunk)
  for (const { chunk, spans, isXor } of patches) {
    const patch = await backup.getChunk(chunk.id, signal)
    let taken = 0
    for (const [start, length] of spans) {
      const piece = patch.subarray(taken, taken + length)
      if (isXor) xorInto(bytes, start, piece)
      else piece.copy(bytes, start)
      taken += length
    }
  }
  return bytes.subarray(0, end)
}

function mismatch({ path }: FileContent, what: string): HoldfastError {
  return new HoldfastError('VERIFY_FAILED', `the map of ${path} does not fit its chunks: ${what}`, { path })
}
