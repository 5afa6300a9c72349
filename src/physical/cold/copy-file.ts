// One file that nobody writes to on its way into a backup; of a tablespace every page is checked.
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import { cellBytes } from '../grid.ts'
import { checkPage } from '../innodb/page-check.ts'
import { readTablespace, type Tablespace, tablespaceHeaderBytes } from '../innodb/tablespace.ts'
import type { FileIntake } from '../pour/file-intake.ts'
import { pourPiece } from '../pour/pour-piece.ts'
import type { FilesOf } from './classify-file.ts'
import type { SurveyedFile } from './survey.ts'

/** Four cells: one read of the disk and four chunks on their way. */
const readBytes = 4 * cellBytes

export interface CopyOptions {
  readonly directory: string
  readonly state: FilesOf
  readonly flavour: Flavour
  readonly intake: FileIntake
  /** Told how much was read, a piece at a time. */
  readonly read: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/** `before`: of a system tablespace of several files, the pages of those before this one, and what page 0 of the first says. */
export interface Continued {
  readonly space: Tablespace
  readonly pages: number
}

/** Answers what the file turned out to be, where it is a tablespace. Throws PAGE_DAMAGED, and what reading and storing throw. */
export async function copyFile(
  file: SurveyedFile,
  { directory, state, flavour, intake, read, signal }: CopyOptions,
  before?: Continued,
): Promise<Tablespace | undefined> {
  const from = path.join(directory, file.path)
  await using handle = await open(from, 'r')
  const space = await spaceOf(file, handle, { state, flavour }, before)
  const to = intake.open(file.path, {
    kind: file.kind,
    mode: file.stats.mode & 0o7777,
    modifiedAtMs: file.stats.mtimeMs,
    ...(space === undefined ? {} : { tablespace: tablespaceContent(space) }),
    ...(isSparse(file) ? { isSparse: true } : {}),
  })
  await to.resize(file.stats.size)
  const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, file.stats.size))
  for (let offset = 0; offset < file.stats.size; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset)
    if (bytesRead === 0) throw changed(from)
    const bytes = buffer.subarray(0, bytesRead)
    if (space !== undefined) checkPages(bytes, offset, space, before?.pages ?? 0, from)
    await pourPiece(to, offset, bytes, signal)
    offset += bytesRead
    read(bytesRead)
  }
  to.close()
  return space
}

async function spaceOf(
  { path: name, kind }: SurveyedFile,
  handle: FileHandle,
  { state, flavour }: Pick<CopyOptions, 'state' | 'flavour'>,
  before: Continued | undefined,
): Promise<Tablespace | undefined> {
  if (kind !== 'tablespace' && kind !== 'undo') return undefined
  if (before !== undefined) return before.space
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(tablespaceHeaderBytes),
    0,
    tablespaceHeaderBytes,
    0,
  )
  // A server that runs makes a file and writes its first page later: after a crash it is made again.
  if (state === 'crashed' && buffer.every((byte) => byte === 0)) return undefined
  const space = readTablespace(buffer.subarray(0, bytesRead), flavour)
  if (space === undefined) throw damaged(name, 0, 'is not that of a tablespace')
  return space
}

function checkPages(
  bytes: Buffer,
  offset: number,
  space: Tablespace,
  pagesBefore: number,
  file: string,
): void {
  const first = offset / space.pageBytes
  const pages = Math.floor(bytes.length / space.pageBytes)
  for (let at = 0; at < pages; at += 1) {
    const page = pagesBefore + first + at
    if (checkPage(bytes, at * space.pageBytes, page, space) === 'damaged')
      throw damaged(file, page, 'has a wrong checksum')
  }
}

/** Holes that the file system keeps: 512 bytes a block, whatever its own size of blocks. */
function isSparse({ kind, stats }: SurveyedFile): boolean {
  return kind === 'tablespace' && stats.blocks * 512 < stats.size
}

function tablespaceContent({ spaceId, pageBytes, flags }: Tablespace): {
  spaceId: number
  pageBytes: number
  flags: number
} {
  return { spaceId, pageBytes, flags }
}

function damaged(file: string, page: number, what: string): HoldfastError {
  return new HoldfastError('PAGE_DAMAGED', `page ${page} of ${file} ${what}`, { file, page })
}

export function changed(file: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${file} changed while it was read`,
    { file },
    {
      hint: 'Nothing may write to the data directory during a cold backup; see which process does, and run it again.',
    },
  )
}
