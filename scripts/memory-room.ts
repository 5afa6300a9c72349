// Where tests find a file system in memory: half of a test's system time goes into blocks of files that live for a second.
import { readFile, statfs } from 'node:fs/promises'
import { runProgram } from './servers/run-program.ts'

/** Linux mounts a tmpfs here for everybody (shm_overview(7)); in a container it is often too small, or refuses programs. */
const sharedMemory = '/dev/shm'
/** TMPFS_MAGIC of linux/magic.h. */
const tmpfs = 0x01021994
const gibibyte = 2 ** 30
/** A run of all tests on two cores had 4.4 GiB of files at its worst moment, beside rows of 100 MB; twice that is room. */
const neededBytes = 9 * gibibyte
/** Those files, and the servers and programs that work on them: of a machine's memory 11.5 GiB were in use at most. */
const neededMemoryBytes = 12 * gibibyte

export interface Room {
  /** `f_type` of statfs(2). */
  readonly type: number
  readonly freeBytes: number
  /** What this process may still take, by the machine and by its control group. */
  readonly memoryBytes: number
  readonly mountOptions: readonly string[]
}

/** A folder in memory with room for all tests that run at once, or undefined where this machine has none. */
export async function roomInMemory(): Promise<string | undefined> {
  const { type, bavail, bsize } = await statfs(sharedMemory).catch(() => ({ type: 0, bavail: 0, bsize: 0 }))
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '))
  const room: Room = {
    type,
    freeBytes: bavail * bsize,
    memoryBytes: process.availableMemory(),
    mountOptions: mounts.findLast(([, place]) => place === sharedMemory)?.[3]?.split(',') ?? [],
  }
  return isEnough(room) ? sharedMemory : undefined
}

/**
 * A file system of its own in a folder of that memory, where we may mount one. On /dev/shm itself MariaDB takes its redo log for
 * one in persistent memory, which it maps and fills by other rules than on anybody's disk (log0log.cc): a copy of a server that is stopped in
 * the middle may have a hole there, and what follows it comes up again after the next clean shutdown.
 */
export async function mountMemory(folder: string): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  if (process.getuid?.() === 0) {
    const mounted = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=90%', 'tmpfs', folder]).then(
      () => true,
      // A container may forbid it.
      () => false,
    )
    if (mounted) parts.defer(async () => void (await runProgram('umount', ['-l', folder])))
  }
  return parts.move()
}

/** Tests run programs that they put into their folders, so a file system that starts none will not do. */
export function isEnough({ type, freeBytes, memoryBytes, mountOptions }: Room): boolean {
  const takesPrograms = mountOptions.length > 0 && !mountOptions.includes('noexec')
  return type === tmpfs && takesPrograms && freeBytes >= neededBytes && memoryBytes >= neededMemoryBytes
}
