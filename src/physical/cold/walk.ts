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
 * Files and folders, each folder before what is in it. `isPassedOver` is asked for a file by its path, and for a folder by its path with a slash
 * behind: a schema may be called `core`. What it is true of is not looked into, as `lost+found`, which only root may read, nor does a link of that name have to lead
 * anywhere. What goes away meanwhile, as tables of a server that runs do, is passed over too. Throws UNSUPPORTED for a link to a folder that it lies in, and what
 * the file system says.
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
    const full = path.join(directory, place)
    const stats = await unlessGone(full, () => unless(isPassedOver(place), () => stat(full)))
    if (stats === undefined || isPassedOver(stats.isDirectory() ? `${place}/` : place)) continue
    yield { path: place, stats }
    if (!stats.isDirectory()) continue
    if (above.some(({ dev, ino }) => dev === stats.dev && ino === stats.ino)) throw inItself(place)
    yield* walkInto(directory, place, [...above, stats], isPassedOver)
  }
}

/** Undefined for what cannot be looked at and need not. */
async function unless<T>(isNeedless: boolean, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (!isNeedless) throw error
    return undefined
  }
}

/** A link that leads nowhere is not gone; what is there again, as after tables swapped their names, is looked at again. */
async function unlessGone<T>(place: string, look: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (!isAbsence(error)) throw error
      if ((await kindOf(place)) === 'gone') return undefined
      if ((await kindOf(place)) === 'link') throw error
    }
  }
}

async function kindOf(place: string): Promise<'gone' | 'link' | 'other'> {
  try {
    return (await lstat(place)).isSymbolicLink() ? 'link' : 'other'
  } catch (error) {
    if (isAbsence(error)) return 'gone'
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
