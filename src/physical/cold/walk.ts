// Everything that lies under a directory, with what its links lead to.
import type { Stats } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'

export interface FoundEntry {
  /** Relative to the directory. */
  readonly path: string
  /** Of what a link leads to. */
  readonly stats: Stats
}

/**
 * Files and folders, each folder before what is in it. What `isPassedOver` is not looked at, nor into: it may be unreadable, as
 * `lost+found` is for all but root; what goes away meanwhile, as tables of a server that runs do, is passed over. Throws UNSUPPORTED for a link to a folder that it lies in, and what the file system says.
 */
export async function* walk(
  directory: string,
  isPassedOver: (path: string) => boolean,
): AsyncGenerator<FoundEntry> {
  yield* walkInto(directory, '', [await stat(directory)], isPassedOver)
}

async function* walkInto(
  directory: string,
  folder: string,
  above: readonly Stats[],
  isPassedOver: (path: string) => boolean,
): AsyncGenerator<FoundEntry> {
  const here = path.join(directory, folder)
  for (const name of (await unlessGone(here, () => readdir(here)))?.toSorted() ?? []) {
    const place = path.join(folder, name)
    if (isPassedOver(place)) continue
    const full = path.join(directory, place)
    const stats = await unlessGone(full, () => stat(full))
    if (stats === undefined) continue
    yield { path: place, stats }
    if (!stats.isDirectory()) continue
    if (above.some(({ dev, ino }) => dev === stats.dev && ino === stats.ino)) throw inItself(place)
    yield* walkInto(directory, place, [...above, stats], isPassedOver)
  }
}

/** A link that leads nowhere is not gone. */
async function unlessGone<T>(place: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (!isAbsence(error)) throw error
    try {
      await lstat(place)
    } catch (still) {
      if (isAbsence(still)) return undefined
      throw still
    }
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function inItself(link: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${link} is a link to a folder that it lies in itself`,
    { link },
    { hint: 'Remove the link: no server needs it.' },
  )
}
