// What a backup program streams, on its way into a backup: files with their kinds, pages checked, and what it notes about itself.
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import { classifyFile } from '../cold/classify-file.ts'
import { readTablespace, tablespaceHeaderBytes, writerOf } from '../innodb/tablespace.ts'
import type { FileAttributes, FileIntake, IntakeFile } from '../pour/file-intake.ts'
import { tableElsewhere } from '../table-elsewhere.ts'
import { PageWatch } from './page-watch.ts'
import type { StreamPiece } from './xbstream.ts'

/** Notes are a few lines, but for sets of GTIDs: 1 MiB is some 47,000 intervals of 22 bytes. */
const maxNoteBytes = 1024 * 1024

/**
 * What mariadb-backup (before and after it was renamed in 11.x) and xtrabackup write beside the server's files. xtrabackup's redo log is one of them, of any size:
 * xtrabackup_logfile. A schema may be called like this.
 */
export const ownFilePattern = /^(?:xtrabackup|mariadb_backup|mariabackup)_[^/]+$|^backup-my\.cnf$/

/** Those that are read here. */
const notePattern =
  /^(?:xtrabackup|mariadb_backup|mariabackup)_(?:info|checkpoints|binlog_info)$|^backup-my\.cnf$/

/** A file that comes under another name: mariadb-backup notes what DDL did meanwhile, for its --prepare. */
const laterPattern = /\.(?:new|ren|del)$/

/** Files that the program has compressed or encrypted, and for which others would be needed to read a page of them. */
const packedPattern = /\.(?:qp|lz4|zst|xbcrypt)$/

interface OpenFile {
  readonly file: IntakeFile
  readonly attributes: FileAttributes
  sizeBytes: number
  readonly note: Buffer[] | undefined
  readonly isTablespace: boolean
  head: Buffer
  watch: PageWatch | undefined
}

export interface StreamIntakeOptions {
  /** Undefined for a stream that somebody else made: each tablespace says whose it is. */
  readonly flavour?: Flavour
  readonly intake: FileIntake
  /** innodb_data_file_path of the server, where it is known. */
  readonly dataFilePath?: string
  readonly read?: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Answers the notes by the name of their file, without what the program's name puts before it. Throws UNSUPPORTED for files that are packed, PAGE_DAMAGED, and what storing throws. */
export async function takeStream(
  pieces: AsyncIterable<StreamPiece>,
  options: StreamIntakeOptions,
): Promise<ReadonlyMap<string, string>> {
  const { intake, read, signal } = options
  const open = new Map<string, OpenFile>()
  const notes = new Map<string, string>()
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    const path = piece.path.replace(/^\.\//, '')
    const known = open.get(path)
    const file = known ?? begin(path, intake)
    if (known === undefined) open.set(path, file)
    if (piece.kind === 'end') {
      file.file.close()
      open.delete(path)
      if (file.note !== undefined) notes.set(noteName(path), Buffer.concat(file.note).toString())
      continue
    }
    if (piece.kind === 'hole') {
      await takeHole(file, path, piece.offset + piece.sizeBytes, intake)
      continue
    }
    const { offset, bytes } = piece
    file.sizeBytes = Math.max(file.sizeBytes, offset + bytes.length)
    if (file.isTablespace) watchPages(file, path, offset, bytes, options)
    if (file.note !== undefined) takeNote(file.note, path, bytes)
    await file.file.write(offset, bytes, signal)
    read?.(bytes.length)
  }
  return notes
}

function begin(path: string, intake: FileIntake): OpenFile {
  if (path.endsWith('.isl')) throw tableElsewhere(path)
  if (packedPattern.test(path)) throw packed(path)
  const isOwn = ownFilePattern.test(path)
  const belonging = classifyFile(path.replace(laterPattern, '.ibd'), new Map())
  const kind = !isOwn && belonging.kind === 'take' ? belonging.as : 'other'
  const attributes: FileAttributes = { kind, mode: 0o660 }
  return {
    file: intake.open(path, attributes),
    attributes,
    sizeBytes: 0,
    note: notePattern.test(path) ? [] : undefined,
    isTablespace: kind === 'tablespace' || kind === 'undo',
    head: Buffer.alloc(0),
    watch: undefined,
  }
}

async function takeHole(file: OpenFile, path: string, end: number, intake: FileIntake): Promise<void> {
  // What it was opened with is said anew: only now is it known.
  intake.open(path, { ...file.attributes, isSparse: true })
  file.sizeBytes = Math.max(file.sizeBytes, end)
  await file.file.resize(file.sizeBytes)
}

function packed(path: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${path} in the backup stream is compressed or encrypted, and neither its pages can be checked nor can it be stored piece by piece`,
    { path },
    {
      hint: 'Take the stream without --compress and --encrypt: what is stored is compressed and encrypted here; or unpack it, and stream the files again.',
    },
  )
}

/** Page 0 says how pages are to be read; what comes before it is whole is kept until then: 64 bytes at most. */
function watchPages(
  file: OpenFile,
  path: string,
  offset: number,
  bytes: Buffer,
  { flavour, dataFilePath }: StreamIntakeOptions,
): void {
  if (file.watch !== undefined) return file.watch.take(offset, bytes)
  if (offset !== file.head.length) return
  const head = file.head.length === 0 ? bytes : Buffer.concat([file.head, bytes])
  if (head.length < tablespaceHeaderBytes) {
    file.head = Buffer.from(head)
    return
  }
  file.head = Buffer.alloc(0)
  const space = continuesAnother(path, dataFilePath)
    ? undefined
    : readTablespace(head, flavour ?? writerOf(head))
  // What DDL left in the middle, and later files of a system tablespace, are no beginning of one: recovery looks at them.
  if (space === undefined) return
  file.watch = new PageWatch(path, space)
  file.watch.take(0, head)
}

/** Of a system tablespace of several files only the first begins with page 0. mariadb-backup itself has checked the others. */
function continuesAnother(path: string, dataFilePath: string | undefined): boolean {
  if (dataFilePath === undefined) return /^ibdata\d+$/.test(path) && path !== 'ibdata1'
  const names = dataFilePath.split(';').map((part) => part.split(':')[0]?.split('/').at(-1))
  return names.indexOf(path) > 0
}

function takeNote(note: Buffer[], path: string, bytes: Buffer): void {
  note.push(Buffer.from(bytes))
  if (note.reduce((sum, part) => sum + part.length, 0) <= maxNoteBytes) return
  throw new HoldfastError(
    'FAILED',
    `${path} in the backup stream is longer than any note of mariadb-backup`,
    { path },
  )
}

function noteName(path: string): string {
  return path.replace(/^(?:xtrabackup|mariadb_backup|mariabackup)_/, '')
}
