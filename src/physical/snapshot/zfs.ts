// Snapshots of ZFS: a data set as it is at one instant, read through a clone of it.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { type Mount, mountOf, removeMountPoint } from '../mounts.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { hostProgram, runHostProgram } from './host-program.ts'

export const zfsRecord = z.object({
  driver: z.literal('zfs'),
  dataset: z.string(),
  /** Of the snapshot, and of the clone in the root of the pool. */
  name: z.string(),
  mountAt: z.string(),
  /** The data directory in the data set. */
  relative: z.string(),
})
type ZfsRecord = Readonly<z.infer<typeof zfsRecord>>

export async function planZfs({ directory, name, mountAt }: PlanRequest): Promise<ZfsRecord> {
  await hostProgram('zfs')
  const mount = await mountOf(directory)
  if (!(await isZfs(mount)))
    throw new HoldfastError('UNSUPPORTED', `${directory} lies on ${mount.type}, not on ZFS`)
  return {
    driver: 'zfs',
    dataset: mount.source,
    name,
    mountAt,
    relative: path.relative(mount.place, directory),
  }
}

/** Also zfs-fuse, whose mounts are told by their data set alone. */
export async function isZfs({ type, source }: Mount): Promise<boolean> {
  if (type === 'zfs') return true
  if (!type.startsWith('fuse') || source.startsWith('/')) return false
  try {
    return (await namesOf('filesystem', source)).includes(source)
  } catch (error) {
    // No such program, or no such data set.
    if (error instanceof HoldfastError) return false
    throw error
  }
}

export function zfsSnapshot({ dataset, name, mountAt, relative }: ZfsRecord): HeldSnapshot {
  const snapshot = `${dataset}@${name}`
  const pool = dataset.replace(/\/.*$/, '')
  const clone = `${pool}/${name}`
  const close = async (): Promise<void> => {
    if ((await namesOf('filesystem', pool)).includes(clone)) await destroy(clone)
    await removeMountPoint(mountAt)
  }
  return {
    removal: `zfs destroy -R ${snapshot}`,
    prepare: () => Promise.resolve(),
    async take(signal) {
      await runHostProgram('zfs', ['snapshot', snapshot], signal)
    },
    async open(signal) {
      await mkdir(mountAt, { mode: 0o711 })
      await runHostProgram('zfs', ['clone', '-o', `mountpoint=${mountAt}`, snapshot, clone], signal)
      return path.join(mountAt, relative)
    },
    requireSound: () => Promise.resolve(),
    close,
    async remove() {
      await close()
      if ((await namesOf('snapshot', dataset)).includes(snapshot)) await destroy(snapshot)
    },
  }
}

/** zfs-fuse hears of a file that was closed when that has long been answered: 25 times 200 ms are 5 s. */
const attempts = 25
const pauseMs = 200

async function destroy(name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runHostProgram('zfs', ['destroy', name])
      return
    } catch (error) {
      const isBusy = error instanceof Error && /dataset is busy/.test(error.message)
      if (!isBusy || attempt === attempts) throw error
      await sleep(pauseMs)
    }
  }
}

/** Of a data set, and of what stands directly in it. */
async function namesOf(type: 'filesystem' | 'snapshot', dataset: string): Promise<readonly string[]> {
  const output = await runHostProgram('zfs', ['list', '-H', '-o', 'name', '-t', type, '-d', '1', dataset])
  return output.split('\n')
}
