// All files of a physical backup as files again, in a directory of their own: the raw image, which no server has touched yet.
import { chmod, chown, mkdir, open, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupSource } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { PhysicalContent } from '../content.ts'
import { isExternal, requireSafePath } from '../file-path.ts'
import { sideBySide } from '../side-by-side.ts'
import { passedOver } from './existing-files.ts'
import { requireOutsideFree } from './outside-files.ts'
import { overwriteFile } from './overwrite-file.ts'
import { writeFile } from './write-file.ts'

/** Files that are written at once; each has some cells under way. */
const filesAtOnce = 4

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface RestoreFilesOptions {
  /** Absolute. Made when it is not there. */
  readonly directory: string
  /** `over`: what is there is compared, and written only where it differs; the caller has cleared away all else. */
  readonly into?: 'empty' | 'over'
  /** Files outside of the directory that this restore may have written before: they are written over. */
  readonly ownOutside?: readonly string[] | undefined
  /** Of the directory and all in it; for root by default whoever owns the directory. */
  readonly owner?: Owner | undefined
  readonly signal?: AbortSignal | undefined
  readonly emit?: EmitEvent | undefined
}

/** Bytes that were written, and those that were there already. */
export interface WrittenFiles {
  readonly writtenBytes: number
  readonly sameBytes: number
}

/**
 * Every chunk is checked against its id on the way, and every file is durable when this returns. Files that lay outside of the data
 * directory come back to where they lay.
 *
 * Throws TARGET_NOT_EMPTY before a byte is written where anything would be in the way, DISK_FULL, and VERIFY_FAILED for what cannot
 * be read whole: then the directory is unfinished, and no server should be started on it.
 */
export async function restoreFiles(
  backup: BackupSource,
  content: PhysicalContent,
  { directory, into = 'empty', ownOutside = [], owner, signal, emit }: RestoreFilesOptions,
): Promise<WrittenFiles> {
  const { files, folders } = content
  for (const { path } of [...files, ...folders]) requireSafePath(path)
  if (into === 'empty') await requireEmpty(directory)
  await requireOutsideFree(content, ownOutside)
  const put = into === 'empty' ? writeNew : overwriteFile
  const place = (path: string): string => (isExternal(path) ? path : join(directory, path))
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  let done = 0
  let writtenBytes = 0
  let sameBytes = 0
  try {
    const { wanted, foreign } = await makeFolders(directory, content, place, owner)
    await sideBySide(files, filesAtOnce, signal, async (file, signal) => {
      const path = place(file.path)
      let come = 0
      await put(
        backup,
        file,
        path,
        (bytes, written) => {
          come += bytes
          done += bytes
          writtenBytes += written
          sameBytes += bytes - written
          emit?.({ type: 'progress', phase: 'writing files', done, total, unit: 'bytes' })
        },
        signal,
      )
      // Holes count as well, or the total would never be reached.
      done += file.sizeBytes - come
    })
    const ours = wanted.filter((folder) => !foreign.has(folder))
    await giveToOwner(directory, [...ours, ...files.map(({ path }) => place(path))], owner)
    for (const { path, mode } of folders) if (!foreign.has(place(path))) await chmod(place(path), mode)
    for (const folder of wanted) await syncFolder(folder)
  } catch (error) {
    throw explain(error, directory)
  }
  return { writtenBytes, sameBytes }
}

const writeNew: typeof overwriteFile = (backup, file, path, wrote, signal) =>
  writeFile(backup, file, path, (bytes) => wrote(bytes, bytes), signal)

interface Folders {
  /** All that files lie in, and those that have to be there though empty; the directory first. */
  readonly wanted: readonly string[]
  /** Outside of the directory: those that were there before stay as they are. */
  readonly foreign: ReadonlySet<string>
}

async function makeFolders(
  directory: string,
  { files, folders }: PhysicalContent,
  place: (path: string) => string,
  owner: Owner | undefined,
): Promise<Folders> {
  const inside = new Set([directory])
  const outside = new Set<string>()
  for (const { path } of folders) (isExternal(path) ? outside : inside).add(place(path))
  for (const { path } of files) (isExternal(path) ? outside : inside).add(dirname(place(path)))
  const foreign = new Set<string>()
  for (const folder of [...inside, ...outside]) {
    const made = await mkdir(folder, { recursive: true, mode: 0o750 })
    if (inside.has(folder)) continue
    // At once: another run would take them for somebody else's.
    if (made !== undefined) await giveToOwner(directory, upFrom(folder, made), owner)
    foreign.add(folder)
  }
  return { wanted: [...new Set([...inside, ...outside])], foreign }
}

function upFrom(folder: string, top: string): readonly string[] {
  return folder === top ? [folder] : [folder, ...upFrom(dirname(folder), top)]
}

/** Root alone may give files away: they belong to whoever owns the directory, as they have to for a server of that account. */
async function giveToOwner(
  directory: string,
  paths: readonly string[],
  wanted: Owner | undefined,
): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = wanted ?? (await stat(directory))
  if (uid === 0 && wanted === undefined) return
  await sideBySide(paths, filesAtOnce, undefined, (path) => chown(path, uid, gid))
}

/** Throws TARGET_NOT_EMPTY unless a directory is empty or not there. */
export async function requireEmpty(directory: string): Promise<void> {
  const names = await namesIn(directory)
  const [other] = names.filter((name) => !passedOver.includes(name))
  if (other !== undefined) throw inTheWay(join(directory, other), `${directory} is not empty`)
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    if (codeOf(error) === 'ENOTDIR') throw inTheWay(directory, `${directory} is no directory`)
    throw error
  }
}

function inTheWay(path: string, what: string): HoldfastError {
  return new HoldfastError(
    'TARGET_NOT_EMPTY',
    what,
    { path },
    {
      hint: 'Restore into a new or an empty directory, or over the damaged one of a stopped server with --in-place; nothing was changed.',
    },
  )
}

/** A new name lasts only when the folder it is in was synced (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

function explain(error: unknown, directory: string): unknown {
  if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') return error
  const message = `no space is left for the files of the backup in ${directory}, which is unfinished`
  const hint = 'Make room, and run the same command again.'
  return new HoldfastError('DISK_FULL', message, { directory }, { cause: error, hint })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
