// Whether a server runs on a data directory, as the kernel tells it: InnoDB locks its files for as long as it runs.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { Survey } from './survey.ts'

/**
 * Throws UNSUPPORTED when a process holds a lock on one of the files. InnoDB takes POSIX locks on its system tablespace (os_file_lock),
 * which every user of the machine sees in /proc/locks; a server in another container or on another host is not seen.
 */
export async function requireStopped({ directory, files }: Survey): Promise<void> {
  const held = heldLocks(await readFile('/proc/locks', 'utf8'))
  for (const { path: name, kind, stats } of files) {
    const pid = kind === 'tablespace' ? held.get(`${deviceText(BigInt(stats.dev))}:${stats.ino}`) : undefined
    if (pid === undefined) continue
    const file = path.join(directory, name)
    throw new HoldfastError(
      'UNSUPPORTED',
      `a server runs on ${directory}: process ${pid} holds ${file}`,
      { pid, file },
      { hint: 'Shut the server down cleanly first; a copy of files that change is no backup.' },
    )
  }
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
