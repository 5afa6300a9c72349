// One file of a backup as a file again: cells where they belong, holes where zeros were, then its length and its mode.
import { type FileHandle, open } from 'node:fs/promises'
import type { BackupSource } from '../../core/backup.ts'
import { type FileContent } from '../content.ts'
import { cellBytes } from '../grid.ts'
import { isAllZeros } from '../pour/poured-cells.ts'
import { sideBySide } from '../side-by-side.ts'
import { readCell, storedCells } from './stored-cells.ts'

/** Cells of a file that are fetched and written at once. */
export const cellsAtOnce = 8

/** Holes of a page-compressed tablespace: whole blocks of the file system. */
const holeBytes = 4096

/** Creates the file, which must not be there, and makes it durable. `wrote` is told bytes as they come. */
export async function writeFile(
  backup: BackupSource,
  file: FileContent,
  path: string,
  wrote: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const cells = await storedCells(backup, file, signal)
  await using handle = await open(path, 'wx', file.mode)
  await sideBySide(cells, cellsAtOnce, signal, async (cell, signal) => {
    const bytes = await readCell(backup, file, cell, signal)
    const start = cell.cell * cellBytes
    if (file.isSparse) await writeSparsely(handle, bytes, start)
    else await writeAll(handle, bytes, start)
    wrote(bytes.length)
  })
  await handle.truncate(file.sizeBytes)
  // The mode of open(2) is cut by the umask.
  await handle.chmod(file.mode)
  await handle.sync()
}

/** Leaves out whole blocks of zeros. */
async function writeSparsely(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let start = 0
  for (let at = 0; at < bytes.length; at += holeBytes) {
    const block = bytes.subarray(at, at + holeBytes)
    if (block.length < holeBytes || !isAllZeros(block)) continue
    await writeAll(handle, bytes.subarray(start, at), offset + start)
    start = at + holeBytes
  }
  await writeAll(handle, bytes.subarray(start), offset + start)
}

export async function writeAll(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written)
    written += bytesWritten
  }
}
