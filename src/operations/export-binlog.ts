// Use case: write a whole binary log file out of the archive, byte for byte as the source wrote it.
import { open, rm } from 'node:fs/promises'
import { HoldfastError } from '../core/errors.ts'
import { type ArchiveRequest, openArchive } from './open-archive.ts'

export interface ExportRequest extends ArchiveRequest {
  readonly file: string
  /** Must not exist yet. */
  readonly output: string
  readonly timeline?: string | undefined
}

export interface ExportReport {
  readonly file: string
  readonly output: string
  readonly sizeBytes: number
  /** False: the source may have written more to this file since. */
  readonly isComplete: boolean
}

/** Throws POINT_NOT_FOUND for an unknown file, ARCHIVE_GAP, VERIFY_FAILED, USAGE when `output` exists. Leaves no partial file. */
export async function exportBinlog(request: ExportRequest, signal: AbortSignal): Promise<ExportReport> {
  const { file, output, timeline } = request
  const archive = await openArchive(request, signal)
  await using handle = await create(output)
  try {
    const { bytes, isComplete } = await archive.exportFile(file, (piece) => writeAll(handle, piece), {
      timeline,
      signal,
    })
    await handle.sync()
    return { file, output, sizeBytes: bytes, isComplete }
  } catch (error) {
    await rm(output, { force: true })
    throw error
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>

/** One write may take less than it was given. */
async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  await handle.appendFile(bytes)
}

async function create(output: string): Promise<FileHandle> {
  try {
    return await open(output, 'wx', 0o600)
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const message = isTaken ? `${output} exists already` : `cannot write ${output}`
    const code = isTaken ? 'USAGE' : 'FAILED'
    const hint = isTaken ? { hint: 'Files are never overwritten: give another one with --output.' } : {}
    throw new HoldfastError(code, message, { file: output }, { cause: error, ...hint })
  }
}
