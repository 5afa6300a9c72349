// Copies on XFS that share all blocks with their files (reflink). Each is of one instant, but not all of the same: so the server is stopped meanwhile.
import type { Stats } from 'node:fs'
import { chmod, chown, constants, copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { whileFrozen } from '../../process/freeze-process.ts'
import { mountOf } from '../mounts.ts'
import { sideBySide } from '../side-by-side.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { runHostProgram } from './host-program.ts'

export const xfsRecord = z.object({
  driver: z.literal('xfs'),
  directory: z.string(),
  /** Beside the data directory. */
  copy: z.string(),
  /** The server. */
  pid: z.number().int().positive(),
  limitSeconds: z.number().positive(),
})
type XfsRecord = Readonly<z.infer<typeof xfsRecord>>

/** FICLONE is one call of the kernel; node has four threads for such calls. */
const copiesAtOnce = 8

export async function planXfs(
  { directory, name }: PlanRequest,
  pid: number,
  limitSeconds: number,
): Promise<XfsRecord> {
  const mount = await mountOf(directory)
  if (mount.place === directory) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${directory} is the root of its file system: there is no place beside it for copies that share its blocks`,
      { directory },
      { hint: 'Move the data directory into a folder of that file system, or use another method.' },
    )
  }
  return { driver: 'xfs', directory, copy: path.join(path.dirname(directory), name), pid, limitSeconds }
}

export function xfsSnapshot({ directory, copy, pid, limitSeconds }: XfsRecord): HeldSnapshot {
  return {
    removal: `rm -r ${copy}`,
    async prepare(signal) {
      await mkdir(copy, { mode: 0o700 })
      await requireReflink(directory, copy)
      // Reflinks write what waits in memory first: most of that is done now.
      await runHostProgram('sync', ['-f', directory], signal)
    },
    async take(signal) {
      await whileFrozen(pid, limitSeconds, (limit) =>
        shareFiles(directory, copy, AbortSignal.any([limit, signal])),
      )
    },
    async open() {
      await takeAttributes(directory, copy)
      return copy
    },
    requireSound: () => Promise.resolve(),
    close: () => Promise.resolve(),
    remove: () => rm(copy, { recursive: true, force: true }),
  }
}

/** On a file of the server that is always there. */
async function requireReflink(directory: string, copy: string): Promise<void> {
  const probe = path.join(copy, 'probe')
  try {
    await copyFile(path.join(directory, 'ibdata1'), probe, constants.COPYFILE_FICLONE_FORCE)
  } catch (error) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `files of ${directory} cannot be copied by reference: its file system was made without reflink=1`,
      { directory },
      { cause: error, hint: 'See xfs_info; or use another method.' },
    )
  }
  await rm(probe)
}

async function shareFiles(from: string, to: string, signal: AbortSignal): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const nameOf = (entry: (typeof entries)[number]): string =>
    path.relative(from, path.join(entry.parentPath, entry.name))
  // In the order of names a folder comes before what is in it.
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(nameOf)
    .toSorted()
  for (const folder of folders) await mkdir(path.join(to, folder))
  const files = entries.filter((entry) => entry.isFile()).map(nameOf)
  await sideBySide(files, copiesAtOnce, signal, (file) =>
    copyFile(path.join(from, file), path.join(to, file), constants.COPYFILE_FICLONE_FORCE),
  )
}

/** Owners and modes, which a server on the copies needs: they are as they were, so they are looked at when nobody waits any more. */
async function takeAttributes(from: string, to: string): Promise<void> {
  for (const name of ['', ...(await readdir(to, { recursive: true }))]) {
    const had = await statOrNothing(path.join(from, name))
    if (had === undefined) continue
    await chown(path.join(to, name), had.uid, had.gid)
    await chmod(path.join(to, name), had.mode & 0o7777)
  }
}

/** The server goes on, and may have dropped a table. */
async function statOrNothing(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
