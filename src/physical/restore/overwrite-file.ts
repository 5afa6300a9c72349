// One file of a backup over one that is there already: only pages that differ are written.
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import type { BackupSource } from '../../core/backup.ts'
import type { FileContent } from '../content.ts'
import { cellBytes, cellsOf } from '../grid.ts'
import { sideBySide } from '../side-by-side.ts'
import { readCell, type StoredCell, storedCells } from './stored-cells.ts'
import { cellsAtOnce, writeAll, writeFile } from './write-file.ts'

/** What is compared, and written as one, in a file without pages: a block of the file system. */
const blockBytes = 4096

/** Makes the file durable, and as the backup has it. `wrote` is told how many bytes came, and how many of them were written. */
export async function overwriteFile(
  backup: BackupSource,
  file: FileContent,
  path: string,
  wrote: (bytes: number, written: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const there = await statOf(path)
  // Other names of it may be somebody's copies.
  if (there === undefined || !there.isFile() || there.nlink > 1) {
    await rm(path, { recursive: true, force: true })
    return writeFile(backup, file, path, (bytes) => wrote(bytes, bytes), signal)
  }
  const stored = await storedCells(backup, file, signal)
  // Where a page ends in a hole, the whole page would fill it.
  const unit = (file.isSparse === true ? undefined : file.tablespace?.pageBytes) ?? blockBytes
  await using handle = await open(path, 'r+')
  if (there.size > file.sizeBytes) await handle.truncate(file.sizeBytes)
  // Where the file did not reach, and nothing is stored, there are zeros.
  const reached = cellsOf(Math.min(there.size, file.sizeBytes))
  const cells = function* (): Generator<number> {
    for (let cell = 0; cell < cellsOf(file.sizeBytes); cell += 1) {
      if (cell < reached || stored.find(cell) !== undefined) yield cell
    }
  }
  await sideBySide(cells(), cellsAtOnce, signal, async (cell, signal) => {
    const length = Math.min(cellBytes, file.sizeBytes - cell * cellBytes)
    const wanted = await wholeCell(backup, file, stored.find(cell), length, signal)
    const found = await readAll(handle, length, cell * cellBytes)
    let written = 0
    for (const [start, end] of differingRuns(found, wanted, unit)) {
      await writeAll(handle, wanted.subarray(start, end), cell * cellBytes + start)
      written += end - start
    }
    wrote(length, written)
  })
  await handle.truncate(file.sizeBytes)
  await handle.chmod(file.mode)
  await handle.sync()
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function wholeCell(
  backup: BackupSource,
  file: FileContent,
  cell: StoredCell | undefined,
  length: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const bytes = cell === undefined ? undefined : await readCell(backup, file, cell, signal)
  if (bytes?.length === length) return bytes
  const whole = Buffer.alloc(length)
  bytes?.copy(whole)
  return whole
}

/** What the file does not have is zeros. */
async function readAll(handle: FileHandle, length: number, offset: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer
}

/** Start and end of each row of units that differ. */
export function* differingRuns(
  found: Buffer,
  wanted: Buffer,
  unit: number,
): Generator<readonly [number, number]> {
  let start: number | undefined
  for (let at = 0; at < wanted.length; at += unit) {
    const end = Math.min(at + unit, wanted.length)
    const isSame = found.compare(wanted, at, end, at, end) === 0
    if (!isSame) start ??= at
    else if (start !== undefined) {
      yield [start, at]
      start = undefined
    }
  }
  if (start !== undefined) yield [start, wanted.length]
}
