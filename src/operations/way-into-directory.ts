// How a restore may get into a directory: it is empty, or half written by an earlier run, or to be written over in place.
import { lstat, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import { requireStopped } from '../physical/cold/stopped-server.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { isMounted } from '../physical/mounts.ts'
import { type ExistingFile, readExistingFiles } from '../physical/restore/existing-files.ts'
import { type ExtraFiles, extraFiles } from '../physical/restore/extra-files.ts'
import { outsideFiles, requireOutsideFree } from '../physical/restore/outside-files.ts'
import { requireEmpty } from '../physical/restore/restore-files.ts'
import { requireServersDirectory } from '../physical/restore/servers-directory.ts'
import { systemErrorCode } from '../storage/store-errors.ts'
import { type RestoreMark, readMark, requireEnded } from './restore-mark.ts'

export interface WayRequest {
  /** Absolute. */
  readonly directory: string
  /** Name of the instance in the repository. */
  readonly source: string
  readonly content: PhysicalContent
  readonly isInPlace: boolean
}

export interface WayIntoDirectory {
  readonly into: 'empty' | 'over'
  readonly isInPlace: boolean
  /** ISO 8601; of the first run. */
  readonly begunAt: string
  /** Of an earlier run that did not end. */
  readonly unfinished?: RestoreMark
  /** What is there, and is written over or goes: it makes room for what comes. */
  readonly existing: readonly ExistingFile[]
  readonly extra: ExtraFiles
  /** Absolute: files of the backup that lie outside of the directory, where nothing is but what this restore wrote. */
  readonly outside: readonly string[]
  /** Where binary logs and unknown files of the directory go; absent where there are none, and where there is no such place: see requirePlaceAside. */
  readonly setAside?: string
}

/**
 * Changes nothing. Throws TARGET_NOT_EMPTY where something is in the way, and UNSUPPORTED where a server runs on the directory or has
 * links in it.
 */
export async function wayInto(request: WayRequest): Promise<WayIntoDirectory> {
  const { directory, content } = request
  const unfinished = await readMark(directory)
  if (unfinished !== undefined) refuseOther(unfinished, request)
  else if (!request.isInPlace) await requireEmpty(directory)
  const written = await requireOutsideFree(content, unfinished?.outside ?? [])
  // Also those of another backup that an earlier run began with.
  const outside = [...new Set([...(unfinished?.outside ?? []), ...outsideFiles(content)])]
  if (unfinished === undefined && !request.isInPlace) {
    return { into: 'empty', isInPlace: false, begunAt: now(), existing: [], extra: nothing, outside }
  }
  const { files, folders } = await readExisting(directory)
  const stopped = files.flatMap(({ path, belonging }) =>
    belonging.kind === 'take' ? [{ path, kind: belonging.as }] : [],
  )
  await requireStopped({
    directory,
    files: [...stopped, ...written.map((path) => ({ path, kind: 'tablespace' as const }))],
  })
  if (unfinished === undefined && files.length > 0) requireServersDirectory(directory, files)
  const isInPlace = unfinished?.isInPlace ?? files.length > 0
  const isCleared = unfinished?.isCleared ?? false
  const extra = extraFiles({ files, folders }, content, { isInPlace, isCleared })
  const begunAt = unfinished?.begunAt ?? now()
  const setAside = extra.toSetAside.length === 0 ? undefined : await placeBeside(directory, begunAt)
  return {
    into: 'over',
    isInPlace,
    begunAt,
    ...(unfinished === undefined ? {} : { unfinished }),
    existing: files,
    extra,
    outside,
    ...(setAside === undefined ? {} : { setAside }),
  }
}

/** Takes out of the way what the backup does not have. May be run again after it was interrupted. */
export async function clearWay(directory: string, { extra, setAside }: WayIntoDirectory): Promise<void> {
  for (const name of extra.toSetAside) {
    const place = path.join(setAside ?? '', name)
    await mkdir(path.dirname(place), { recursive: true, mode: 0o750 })
    await rename(path.join(directory, name), await freeName(place))
  }
  for (const name of extra.toRemove) await rm(path.join(directory, name), { force: true })
  for (const name of extra.folders) await rmdir(path.join(directory, name))
}

/** What an earlier run has set aside stays. */
async function freeName(place: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? place : `${place}.${number}`
    if (!(await isThere(name))) return name
  }
}

async function isThere(place: string): Promise<boolean> {
  try {
    await lstat(place)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

const nothing: ExtraFiles = { toRemove: [], toSetAside: [], folders: [] }

function now(): string {
  return new Date().toISOString()
}

async function readExisting(directory: string) {
  try {
    return await readExistingFiles(directory)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { files: [], folders: [] }
    throw error
  }
}

function refuseOther(mark: RestoreMark, { directory, source, isInPlace }: WayRequest): void {
  requireEnded(mark)
  const { backup, begunAt } = mark
  const unfinished = `${directory} holds an unfinished restore of ${mark.source} (backup ${backup}, begun at ${begunAt})`
  const refuse = (message: string, hint: string): HoldfastError =>
    new HoldfastError('TARGET_NOT_EMPTY', message, { directory, backup }, { hint })
  if (mark.source !== source)
    throw refuse(unfinished, `Finish it by restoring ${mark.source} again, or take another directory.`)
  if (mark.directory !== directory)
    throw refuse(
      `${unfinished}, which began in ${mark.directory}`,
      'Take the directory that it began in, or another.',
    )
  if (mark.isInPlace && !isInPlace)
    throw refuse(`${unfinished} in place`, 'Say --in-place again to go on with it; nothing was changed.')
}

/** Beside the directory. Undefined where it is mounted: nothing can be moved out of it without a copy. */
async function placeBeside(directory: string, begunAt: string): Promise<string | undefined> {
  const [here, above] = await Promise.all([stat(directory), stat(path.dirname(directory))])
  if (here.dev !== above.dev || (await isMounted(directory))) return undefined
  return `${directory}.set-aside-${begunAt.replaceAll(/[-:]|\.\d+/g, '')}`
}

/** Throws UNSUPPORTED where files have to be set aside, and there is no place for them. */
export function requirePlaceAside(directory: string, { extra, setAside }: WayIntoDirectory): void {
  const [first] = extra.toSetAside
  if (first === undefined || setAside !== undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `${directory} is mounted, so ${counted(extra.toSetAside.length, 'file')} that the backup does not have (${first}, …) cannot be set aside beside it`,
    { directory },
    {
      hint: "Move binary logs and files that are not the server's elsewhere first: --dry-run names them. Nothing was changed.",
    },
  )
}
