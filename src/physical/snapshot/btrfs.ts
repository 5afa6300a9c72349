// Snapshots of btrfs: a subvolume as it is at one instant, beside it in the same file system.
import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { isThere } from '../is-there.ts'
import { isMounted, mountOf, removeMountPoint } from '../mounts.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { hostProgram, runHostProgram } from './host-program.ts'

export const btrfsRecord = z.object({
  driver: z.literal('btrfs'),
  /** The subvolume, and the data directory in it. */
  subvolume: z.string(),
  relative: z.string(),
  /** Where the snapshot is to be: in `top.at`, where there is one. */
  snapshot: z.string(),
  /** The root of the file system, mounted for us where no folder beside the subvolume can be reached. */
  top: z.object({ device: z.string(), at: z.string() }).optional(),
})
type BtrfsRecord = Readonly<z.infer<typeof btrfsRecord>>

/** BTRFS_FIRST_FREE_OBJECTID: the root of every subvolume. */
const subvolumeInode = 256

export async function planBtrfs({ directory, name, mountAt }: PlanRequest): Promise<BtrfsRecord> {
  await hostProgram('btrfs')
  const mount = await mountOf(directory)
  if (mount.type !== 'btrfs')
    throw new HoldfastError('UNSUPPORTED', `${directory} lies on ${mount.type}, not on btrfs`)
  let subvolume = directory
  while ((await stat(subvolume)).ino !== subvolumeInode) {
    // Above it is another file system, or the same by another way.
    if (subvolume === mount.place) throw mountedFolder(directory, mount.place)
    subvolume = path.dirname(subvolume)
  }
  const relative = path.relative(subvolume, directory)
  // A server may take a folder in its data directory for a schema.
  const beside = relative === '' ? path.dirname(subvolume) : subvolume
  const isBeside = relative !== '' || subvolume !== mount.place
  return {
    driver: 'btrfs',
    subvolume,
    relative,
    // Not hidden by a dot: MySQL looks for no tablespaces in what is.
    snapshot: path.join(isBeside ? beside : mountAt, name),
    ...(isBeside ? {} : { top: { device: mount.source, at: mountAt } }),
  }
}

function mountedFolder(directory: string, place: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${place} is a folder of a subvolume that is mounted by itself, so nobody sees from there what a snapshot of ${directory} would be of`,
    { directory },
    { hint: 'Name the data directory with --datadir by its path in the subvolume; or use another method.' },
  )
}

export function btrfsSnapshot({ subvolume, relative, snapshot, top }: BtrfsRecord): HeldSnapshot {
  const mountTop = async (signal?: AbortSignal): Promise<void> => {
    if (top === undefined || (await isMounted(top.at))) return
    await mkdir(top.at, { recursive: true, mode: 0o711 })
    await runHostProgram('mount', ['-t', 'btrfs', '-o', 'subvolid=5', top.device, top.at], signal)
  }
  return {
    removal:
      top === undefined
        ? `btrfs subvolume delete ${snapshot}`
        : `btrfs subvolume delete ${snapshot} && umount ${top.at} && rmdir ${top.at}`,
    async prepare(signal) {
      await mountTop(signal)
      // What is written now is not written while somebody waits.
      await runHostProgram('sync', ['-f', subvolume], signal)
    },
    async take(signal) {
      await runHostProgram('btrfs', ['subvolume', 'snapshot', subvolume, snapshot], signal)
    },
    open: () => Promise.resolve(path.join(snapshot, relative)),
    requireSound: () => Promise.resolve(),
    // The root of the file system is mounted to reach it, not to read it.
    close: () => Promise.resolve(),
    async remove() {
      await mountTop()
      if (await isThere(snapshot)) await runHostProgram('btrfs', ['subvolume', 'delete', snapshot])
      if (top === undefined) return
      await runHostProgram('umount', [top.at])
      await removeMountPoint(top.at)
    },
  }
}
