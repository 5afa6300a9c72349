// Where tests find a file system in memory: half of a test's system time goes into blocks of files that live for a second.
import { readFile, statfs } from 'node:fs/promises'

/** Linux mounts a tmpfs here for everybody (shm_overview(7)); in a container it is often too small, or refuses programs. */
const sharedMemory = '/dev/shm'
/** TMPFS_MAGIC of linux/magic.h. */
const tmpfs = 0x01021994
/** Measured: three test files at a time hold 1 GiB together, and the largest test of all alone 2 GiB. */
const neededBytes = 4 * 1024 ** 3
/** Files in memory and the programs that work on them need it at once. */
const neededMemoryBytes = 2 * neededBytes

/** A folder in memory with room for all tests that run at once, or undefined where this machine has none. */
export async function roomInMemory(): Promise<string | undefined> {
  if (process.availableMemory() < neededMemoryBytes) return undefined
  const { type, bavail, bsize } = await statfs(sharedMemory).catch(() => ({ type: 0, bavail: 0, bsize: 0 }))
  if (type !== tmpfs || bavail * bsize < neededBytes) return undefined
  return (await takesPrograms()) ? sharedMemory : undefined
}

/** Tests run programs that they put into their folders. */
async function takesPrograms(): Promise<boolean> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '))
  const options = mounts.findLast(([, place]) => place === sharedMemory)?.[3]
  return options !== undefined && !options.split(',').includes('noexec')
}
