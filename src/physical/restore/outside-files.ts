// Files of a backup that come back to where they lay, outside of the data directory: what is there already may be a running server's.
import { lstat } from 'node:fs/promises'
import { HoldfastError } from '../../core/errors.ts'
import type { PhysicalContent } from '../content.ts'
import { isExternal } from '../file-path.ts'

/** Absolute paths. */
export function outsideFiles({ files }: Pick<PhysicalContent, 'files'>): readonly string[] {
  return files.flatMap(({ path }) => (isExternal(path) ? [path] : []))
}

/**
 * `own`: what an earlier run of this restore may have written there. Answers which of it is there. Throws TARGET_NOT_EMPTY for all else, and
 * also for what is no plain file of one name: a link leads to somebody's file.
 */
export async function requireOutsideFree(
  content: Pick<PhysicalContent, 'files'>,
  own: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of outsideFiles(content)) {
    const stats = await lstatOf(path)
    if (stats === undefined) continue
    if (!own.includes(path) || !stats.isFile() || stats.nlink > 1) throw inTheWay(path)
    found.push(path)
  }
  return found
}

async function lstatOf(path: string) {
  try {
    return await lstat(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function inTheWay(path: string): HoldfastError {
  return new HoldfastError(
    'TARGET_NOT_EMPTY',
    `${path}, which lies outside of the data directory in the backup, is there already`,
    { path },
    {
      hint: 'It may be a running server’s: restore on another host; or, where no server wants it any more, move it away first. Nothing was changed.',
    },
  )
}
