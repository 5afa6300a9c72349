// The cells of a file in a backup, each put together from its chunk and the patches laid over it.
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'

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
  for (const [at, [cell, spans]] of file.patches.entries()) {
    const chunk = chunks[cells.length + at]!
    const length = spans.reduce((sum, [, bytes]) => sum + bytes, 0)
    if (length !== chunk.plainBytes)
      throw mismatch(file, `a patch of cell ${cell} is not as long as its spans`)
    const known = patches.get(cell)
    if (known === undefined) patches.set(cell, [{ chunk, spans }])
    else known.push({ chunk, spans })
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
  const bytes = Buffer.alloc(cellBytes)
  chunk.copy(bytes)
  for (const { chunk, spans } of patches) {
    const patch = await backup.getChunk(chunk.id, signal)
    let taken = 0
    for (const [start, length] of spans) {
      patch.copy(bytes, start, taken, taken + length)
      taken += length
    }
  }
  return bytes.subarray(0, end)
}

function mismatch({ path }: FileContent, what: string): HoldfastError {
  return new HoldfastError('VERIFY_FAILED', `the map of ${path} does not fit its chunks: ${what}`, { path })
}
