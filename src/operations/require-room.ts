// Whether files fit where they are to go, told before the first byte is written.
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { cellBytes } from '../physical/grid.ts'

/** Of a backup: stored cells alone, for holes take no room. `freedBytes` is what is written over, or goes first. */
export async function requireRoom(
  directory: string,
  { files }: PhysicalContent,
  freedBytes = 0,
): Promise<void> {
  const cells = files.reduce(
    (sum, { cells }) => sum + cells.reduce((count, [, number]) => count + number, 0),
    0,
  )
  const needed = cells * cellBytes - freedBytes
  await requireBytes(directory, needed, 'Make room, or restore to another file system; nothing was changed.')
}

/** Throws DISK_FULL. */
export async function requireBytes(directory: string, needed: number, hint: string): Promise<void> {
  const { bavail, bsize } = await statfs(await existingParent(directory))
  if (bavail * bsize >= needed) return
  const [wants, has] = [needed, bavail * bsize].map((bytes) => `${Math.ceil(bytes / 1024 ** 2)} MiB`)
  const message = `the files need ${wants}, and ${directory} has room for ${has}`
  throw new HoldfastError('DISK_FULL', message, { needed }, { hint })
}

async function existingParent(directory: string): Promise<string> {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    try {
      await statfs(folder)
      return folder
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || folder === '/')
        throw error
    }
  }
}
