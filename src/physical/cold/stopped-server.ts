// Whether a server runs on a data directory, as the kernel tells it: InnoDB locks its files for as long as it runs.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import { mountOf } from '../mounts.ts'
import type { SurveyedFile } from './survey.ts'

/** Throws UNSUPPORTED when a process holds one of the files. */
export async function requireStopped({
  directory,
  files,
}: {
  readonly directory: string
  readonly files: readonly Pick<SurveyedFile, 'path' | 'kind'>[]
}): Promise<void> {
  const names = files
    .filter(({ kind }) => kind === 'tablespace')
    // Some lie outside of it, by absolute paths.
    .map((file) => path.resolve(directory, file.path))
  const holder = await holderOf(names)
  if (holder === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `a server runs on ${directory}: process ${holder.pid} holds ${holder.file}`,
    { ...holder },
    { hint: 'Shut the server down cleanly first: no files can be copied, or written over, under it.' },
  )
}

/**
 * The process that holds a lock on one of these files, and which. InnoDB takes POSIX locks on its system tablespace (os_file_lock), which every user
 * of the machine sees in /proc/locks; a server in another container or on another host is not seen.
 */
export async function holderOf(
  files: readonly string[],
): Promise<{ readonly pid: number; readonly file: string } | undefined> {
  const held = heldLocks(await readFile('/proc/locks', 'utf8'))
  const devices = new Map<string, string>()
  for (const file of files) {
    const { dev, ino } = await stat(file)
    const folder = path.dirname(file)
    const device = devices.get(folder) ?? (await mountedDevice(folder))
    devices.set(folder, device)
    const pid = held.get(`${device}:${ino}`) ?? held.get(`${deviceText(BigInt(dev))}:${ino}`)
    if (pid !== undefined) return { pid, file }
  }
  return undefined
}

/** Locks are told by the device of the file system: stat(2) tells another one of files of btrfs, for each subvolume its own. */
async function mountedDevice(folder: string): Promise<string> {
  const { device } = await mountOf(folder)
  return device
    .split(':')
    .map((number) => Number(number).toString(16).padStart(2, '0'))
    .join(':')
}

/** Lines like `1: POSIX  ADVISORY  WRITE 4284 fe:00:2343333 0 EOF`; those that wait begin with `->`. */
function heldLocks(text: string): ReadonlyMap<string, number> {
  const held = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, , , , pid, file] = line.trim().split(/\s+/)
    if (pid !== undefined && file !== undefined && /^\d+$/.test(pid)) held.set(file, Number(pid))
  }
  return held
}

/** Major and minor number as /proc/locks prints them, `%02x:%02x` (fs/locks.c), from a dev_t as glibc has it (gnu_dev_major). */
function deviceText(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn)
  return [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':')
}
