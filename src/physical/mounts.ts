// Where a path is mounted, as the kernel tells it.
import { readFile, realpath, rmdir } from 'node:fs/promises'
import { HoldfastError } from '../core/errors.ts'
import { isThere } from './is-there.ts'

export interface Mount {
  /** Major and minor number of the file system, `8:1`: of btrfs another than stat(2) tells of its files. */
  readonly device: string
  /** What of the file system is mounted: `/`, or a folder or subvolume in it. */
  readonly root: string
  /** Absolute. */
  readonly place: string
  readonly type: string
  /** Device, data set, … */
  readonly source: string
}

/** The mount in which a path lies, links resolved. Throws the system's error for what is not there. */
export async function mountOf(path: string): Promise<Mount> {
  const real = await realpath(path)
  const found = parseMounts(await readFile('/proc/self/mountinfo', 'utf8'))
    .filter(({ place }) => place === '/' || real === place || real.startsWith(`${place}/`))
    // Of several at one place, the last covers the others.
    .reduce<Mount | undefined>((best, mount) => {
      return best !== undefined && best.place.length > mount.place.length ? best : mount
    }, undefined)
  if (found === undefined) throw new HoldfastError('FAILED', `nobody knows where ${real} is mounted`)
  return found
}

/** Whether something is mounted at exactly this place, links on the way to it resolved. */
export async function isMounted(place: string): Promise<boolean> {
  if (!(await isThere(place))) return false
  const real = await realpath(place)
  const mounts = parseMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  return mounts.some((mount) => mount.place === real)
}

/** The places below a folder where a process sees something mounted, which may be of the same device. */
export async function mountsBelow(folder: string, pid: number): Promise<readonly string[]> {
  const mounts = parseMounts(await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
  return mounts.map(({ place }) => place).filter((place) => place.startsWith(`${folder}/`))
}

/** Never what is in it: another command may have mounted something there again, be it the root of a file system. */
export async function removeMountPoint(place: string): Promise<void> {
  try {
    await rmdir(place)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

/** Lines like `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`, see proc_pid_mountinfo(5). */
export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ')
    const [, , device, root, place] = left?.split(' ') ?? []
    const [type, source] = right?.split(' ') ?? []
    if (device === undefined || root === undefined || place === undefined) return []
    if (type === undefined || source === undefined) return []
    return [{ device, root: plain(root), place: plain(place), type, source: plain(source) }]
  })
}

/** Blanks and backslashes are written in octal. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}
