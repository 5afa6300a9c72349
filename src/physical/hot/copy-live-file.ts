// One file of a server that runs on its way into a backup, as it is now; of a tablespace every page is checked.
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import { cellBytes } from '../grid.ts'
import { checkPage } from '../innodb/page-check.ts'
import { readTablespace, type Tablespace } from '../innodb/tablespace.ts'
import type { FileIntake, IntakeFile } from '../pour/file-intake.ts'
import { pourPiece } from '../pour/pour-piece.ts'
import { isAllZeros } from '../pour/poured-cells.ts'
import { guessTablespace } from './fresh-tablespace.ts'
import type { LiveFile } from './live-files.ts'
import { openIfThere } from './open-if-there.ts'
import { type PageHistory, pageHistory } from './page-history.ts'
import { makeSound } from './sound-pages.ts'

/** Four cells: one read of the disk and four chunks on their way. */
const readBytes = 4 * cellBytes

/** As long as the smallest page. */
const headBytes = 1024

/** Until page 0 is whole: 20 s in all. */
const attempts = 100
const pauseMs = 200

export interface LiveCopy {
  readonly flavour: Flavour
  /** innodb_page_size. */
  readonly pageBytes: number
  readonly intake: FileIntake
  /** Told how much was read, a piece at a time. */
  readonly read: (bytes: number) => void
  readonly signal: AbortSignal
}

interface FoundSpace {
  readonly space: Tablespace
  /** Absent while page 0 was never written. */
  readonly spaceId?: number
}

export interface CopiedSpace extends FoundSpace {
  /** Whole ones, of this file. */
  readonly pages: number
  readonly history: PageHistory
}

/** Of a system tablespace of several files, what page 0 of the first says, and the pages of those before this one. */
export interface Before extends FoundSpace {
  readonly pages: number
}

/**
 * Undefined for a file that is not there any more. One that grows meanwhile is taken as far as it goes: what comes later is in the redo log. Throws PAGE_DAMAGED,
 * UNSUPPORTED, and what reading and storing throw.
 */
export async function copyTablespace(
  file: LiveFile,
  copy: LiveCopy,
  before?: Before,
): Promise<CopiedSpace | undefined> {
  await using handle = await openIfThere(file.from)
  if (handle === undefined) return undefined
  const { space, spaceId } = before ?? (await readSpace(file, handle, copy))
  const history = await pageHistory(handle, space.pageBytes)
  const { size, blocks } = await handle.stat()
  const to = begin(file, copy, {
    ...(spaceId === undefined
      ? {}
      : { tablespace: { spaceId, pageBytes: space.pageBytes, flags: space.flags } }),
    // Holes that the file system keeps: 512 bytes a block, whatever its own size of blocks.
    ...(file.kind === 'tablespace' && blocks * 512 < size ? { isSparse: true } : {}),
  })
  await to.resize(0)
  const pages = { handle, name: file.from, space, pagesBefore: before?.pages ?? 0, signal: copy.signal }
  const end = await copyBytes(handle, to, copy, async (bytes, offset) => {
    // A page that the file ends in is not there yet.
    const whole = bytes.subarray(0, bytes.length - (bytes.length % space.pageBytes))
    await makeSound(whole, offset, pages)
    return whole
  })
  return {
    ...(spaceId === undefined ? {} : { spaceId }),
    space,
    pages: end / space.pageBytes,
    history,
  }
}

/** A file of another engine, or none of an engine. Answers false when it is not there any more. */
export async function copyLooseFile(file: LiveFile, copy: LiveCopy): Promise<boolean> {
  await using handle = await openIfThere(file.from)
  if (handle === undefined) return false
  const { mtimeMs } = await handle.stat()
  const to = begin(file, copy, { modifiedAtMs: mtimeMs })
  await to.resize(0)
  await copyBytes(handle, to, copy, async (bytes) => bytes)
  return true
}

function begin(
  { path, kind, mode }: LiveFile,
  { intake }: LiveCopy,
  more: Partial<Parameters<FileIntake['open']>[1]>,
): IntakeFile {
  return intake.open(path, { kind, mode, ...more })
}

/** Answers how much there was. */
async function copyBytes(
  handle: FileHandle,
  to: IntakeFile,
  { read, signal }: LiveCopy,
  prepare: (bytes: Buffer, offset: number) => Promise<Buffer>,
): Promise<number> {
  const buffer = Buffer.alloc(readBytes)
  let offset = 0
  for (;;) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, readBytes, offset)
    const bytes = await prepare(buffer.subarray(0, bytesRead), offset)
    await pourPiece(to, offset, bytes, signal)
    offset += bytes.length
    read(bytes.length)
    if (bytes.length < readBytes) break
  }
  await to.resize(offset)
  to.close()
  return offset
}

async function readSpace(
  { from }: LiveFile,
  handle: FileHandle,
  { flavour, pageBytes, signal }: LiveCopy,
): Promise<FoundSpace> {
  const buffer = Buffer.alloc(readBytes)
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { bytesRead } = await handle.read(buffer, 0, readBytes, 0)
    const head = buffer.subarray(0, bytesRead)
    const space = isAllZeros(head.subarray(0, headBytes)) ? undefined : readTablespace(head, flavour)
    if (space !== undefined && head.length >= space.pageBytes && checkPage(head, 0, 0, space) !== 'damaged')
      return { space, spaceId: space.spaceId }
    if (isAllZeros(head.subarray(0, headBytes))) {
      const guessed = guessTablespace(head, flavour, pageBytes)
      if (guessed !== undefined) return { space: guessed }
      if (head.every((byte) => byte === 0)) return { space: plainSpace(flavour, pageBytes) }
    }
    await sleep(pauseMs, undefined, { signal })
  }
  throw new HoldfastError('PAGE_DAMAGED', `page 0 of ${from} is not that of a tablespace`, {
    file: from,
    page: 0,
  })
}

/** As a server makes tablespaces unless it is told otherwise. */
function plainSpace(flavour: Flavour, pageBytes: number): Tablespace {
  return {
    spaceId: 0xffff_ffff,
    flags: 0,
    pageBytes,
    format: flavour === 'mariadb' ? 'full' : 'classic',
    flavour,
  }
}
