// Everything that lies under a directory, with what its links lead to.
import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
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
 * `lost+found` is for all but root. Throws UNSUPPORTED for a link to a folder that it lies in, and what the file system says.
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
  for (const name of (await readdir(path.join(directory, folder))).toSorted()) {
    const place = path.join(folder, name)
    if (isPassedOver(place)) continue
    const stats = await stat(path.join(directory, place))
    yield { path: place, stats }
    if (!stats.isDirectory()) continue
    if (above.some(({ dev, ino }) => dev === stats.dev && ino === stats.ino)) throw inItself(place)
    yield* walkInto(directory, place, [...above, stats], isPassedOver)
  }
}

function inItself(link: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${link} is a link to a folder that it lies in itself`,
    { link },
    { hint: 'Remove the link: no server needs it.' },
  )
}
