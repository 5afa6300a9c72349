// Snapshots of LVM: of a classic volume, whose changes need room of their own, or of a thin one, which shares its pool.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { isMounted, type Mount, removeMountPoint } from '../mounts.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { hostProgram, runHostProgram } from './host-program.ts'

export const lvmRecord = z.object({
  driver: z.literal('lvm'),
  group: z.string(),
  origin: z.string(),
  name: z.string(),
  /** The pool of a thin volume; absent for a classic one, which then has bytes for what changes. */
  pool: z.string().optional(),
  roomBytes: z.number().int().positive(),
  mountAt: z.string(),
  fileSystem: z.string(),
  /** The data directory in the volume. */
  relative: z.string(),
})
type LvmRecord = Readonly<z.infer<typeof lvmRecord>>

/** Of the volume: what may change while it is read, where nobody says otherwise. At least a GiB, and no more than there is. */
const roomShare = 0.2
const leastRoomBytes = 2 ** 30

/** `mount` is that of the directory. Throws DISK_FULL where the group has no room for a snapshot of a classic volume. */
export async function planLvm(
  { directory, name, mountAt, signal }: PlanRequest,
  mount: Mount,
  wantedBytes: number | undefined,
): Promise<LvmRecord> {
  for (const program of ['lvcreate', 'lvremove']) await hostProgram(program)
  const [volume] = await list(
    'lvs',
    ['vg_name', 'lv_name', 'pool_lv', 'lv_size', 'vg_free'],
    [mount.source],
    signal,
  )
  const [group = '', origin = '', pool = '', sizeBytes = '0', freeBytes = '0'] = volume ?? []
  const roomBytes = wantedBytes ?? Math.max(Number(sizeBytes) * roomShare, leastRoomBytes)
  if (pool === '' && Number(freeBytes) < (wantedBytes ?? 1)) {
    throw new HoldfastError(
      'DISK_FULL',
      `group ${group} has ${freeBytes} bytes free, and a snapshot needs room for what changes while it is read`,
      { group, freeBytes: Number(freeBytes) },
      { hint: 'Add a disk to the group (vgextend), or ask for less with --snapshot-size BYTES.' },
    )
  }
  return {
    driver: 'lvm',
    group,
    origin,
    name,
    ...(pool === '' ? {} : { pool }),
    roomBytes: Math.floor(Math.min(roomBytes, pool === '' ? Number(freeBytes) : roomBytes)),
    mountAt,
    fileSystem: mount.type,
    relative: path.relative(mount.place, directory),
  }
}

export function lvmSnapshot(record: LvmRecord): HeldSnapshot {
  const { group, origin, name, pool, roomBytes, mountAt, fileSystem, relative } = record
  const close = async (): Promise<void> => {
    if (await isMounted(mountAt)) await runHostProgram('umount', [mountAt])
    await removeMountPoint(mountAt)
  }
  return {
    removal: `lvremove --yes ${group}/${name}`,
    // LVM has the file system write what waits, and hold still, before it takes the snapshot: most of that is done now.
    async prepare(signal) {
      await runHostProgram('sync', [], signal)
    },
    async take(signal) {
      const room = pool === undefined ? ['--size', `${roomBytes}b`] : ['--setactivationskip', 'n']
      await runHostProgram(
        'lvcreate',
        ['--yes', '--snapshot', ...room, '--name', name, `${group}/${origin}`],
        signal,
      )
    },
    async open(signal) {
      await mkdir(mountAt, { mode: 0o711 })
      // XFS refuses a second file system of the same UUID. The snapshot can be written to, so that a journal is replayed.
      const options = fileSystem === 'xfs' ? 'rw,nouuid' : 'rw'
      await runHostProgram(
        'mount',
        ['-t', fileSystem, '-o', options, `/dev/${group}/${name}`, mountAt],
        signal,
      )
      return path.join(mountAt, relative)
    },
    requireSound: (signal) => requireRoom(record, signal),
    close,
    async remove() {
      await close()
      const names = (await list('lvs', ['lv_name'], [group])).flat()
      if (names.includes(name)) await runHostProgram('lvremove', ['--yes', '--force', `${group}/${name}`])
    },
  }
}

/** A classic snapshot without room is invalid from then on; a thin pool without room fails writes, of the origin too. */
async function requireRoom({ group, name, pool }: LvmRecord, signal: AbortSignal): Promise<void> {
  const [fields = []] = await list('lvs', ['lv_attr', 'data_percent'], [`${group}/${pool ?? name}`], signal)
  const [attributes = '', dataPercent = ''] = fields
  // lvs(8): the fifth of lv_attr is the state, I and S of an invalid snapshot; the ninth the health, of a pool D (out of data), M (read-only metadata), F (failed).
  const isSound = pool === undefined ? !/^....[IS]/.test(attributes) : !/^.{8}[DMF]/.test(attributes)
  if (isSound && Number(dataPercent) < 100) return
  throw new HoldfastError(
    'UNSUPPORTED',
    pool === undefined
      ? `the snapshot ${group}/${name} ran out of room for what changed meanwhile, so what was read of it is no backup`
      : `the pool ${group}/${pool} ran out of room, so what was read of the snapshot in it is no backup`,
    { group, name },
    { hint: 'Give more room: --snapshot-size BYTES for a classic volume, lvextend for a pool.' },
  )
}

/** Fields of what one of LVM's reports tells, a row each; sizes in bytes. */
async function list(
  program: string,
  fields: readonly string[],
  names: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  const form = [
    '--noheadings',
    '--nosuffix',
    '--units',
    'b',
    '--separator',
    '|',
    '--options',
    fields.join(','),
  ]
  const output = await runHostProgram(program, [...form, ...names], signal)
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => line.trim().split('|'))
}

/** Whether a device is a volume of LVM here. */
export async function isLvm(source: string): Promise<boolean> {
  if (!source.startsWith('/dev/')) return false
  try {
    return (await list('lvs', ['lv_name'], [source])).length === 1
  } catch (error) {
    // No such program, or no such volume.
    if (error instanceof HoldfastError) return false
    throw error
  }
}
