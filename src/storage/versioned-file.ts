// Compare-and-swap on a file system without locks: each version of a mutable object is a create-only file of its own.
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createDurably, removeIfThere } from './durable-file.ts'
import type { TaggedObject } from './object-store.ts'
import { systemErrorCode } from './store-errors.ts'

/**
 * Why this is a compare-and-swap. The object's value is the file `<name>~<number>` with the highest number; the tag is that
 * number. To replace version n a writer creates version n+1 with link(2), which fails when it is there: of all writers that
 * read n, one succeeds, and nobody holds a lock that a crash could leave behind.
 *
 * Old versions must go at some time, and that is the one danger: a writer that read n and slept would find n+1 free again
 * once it has been superseded AND removed, and think that it won. So (a) the newest 8 versions are always kept: the
 * sleeper must have missed 8 writes; and (b) after its link it reads the folder again: a higher version means that it lost,
 * and it takes its file back. The highest version is never removed, so (b) could only miss all 8 higher files if 8 more
 * writes, each with two fsyncs, happened within that one reading of the folder. A writer that finds itself overtaken right
 * after a true success answers 'lost', which the contract allows.
 */
const keptVersions = 8

const separator = '~'

/** True for files of this module, which are no objects of their own. */
export function isVersionName(name: string): boolean {
  return name.includes(separator)
}

export async function readNewestVersion(path: string): Promise<TaggedObject | undefined> {
  for (;;) {
    const newest = (await versionsOf(path)).at(-1)
    if (newest === undefined) return undefined
    try {
      return { bytes: await readFile(versionPath(path, newest)), tag: String(newest) }
    } catch (error) {
      // Superseded 8 times and removed since we read the folder: there is a newer one now.
      if (systemErrorCode(error) !== 'ENOENT') throw error
    }
  }
}

export async function replaceVersion(
  root: string,
  path: string,
  bytes: Uint8Array,
  expectedTag: string | undefined,
): Promise<string | undefined> {
  const expected = expectedTag === undefined ? 0 : Number(expectedTag)
  // A tag that is older than the newest version goes on to the link, which decides; one that is newer was never given out.
  if (((await versionsOf(path)).at(-1) ?? 0) < expected) return undefined
  const own = expected + 1
  if ((await createDurably(root, versionPath(path, own), bytes)) === 'exists') return undefined
  const versions = await versionsOf(path)
  if ((versions.at(-1) ?? 0) > own) {
    await removeIfThere(versionPath(path, own))
    return undefined
  }
  for (const version of versions) {
    if (version <= own - keptVersions) await removeIfThere(versionPath(path, version))
  }
  return String(own)
}

async function versionsOf(path: string): Promise<readonly number[]> {
  let names: string[]
  try {
    names = await readdir(dirname(path))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
  const start = `${basename(path)}${separator}`
  return names
    .filter((name) => name.startsWith(start) && /^\d{16}$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
    .toSorted((a, b) => a - b)
}

function versionPath(path: string, version: number): string {
  return join(dirname(path), `${basename(path)}${separator}${String(version).padStart(16, '0')}`)
}
