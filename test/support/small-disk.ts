// A file system of a few megabytes that really runs full, for what happens when a disk does.
import { runProgram } from '../../scripts/servers/run-program.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /**
   * Put before a command to run it where the disk can be seen: empty for root, a new mount namespace otherwise. In a
   * namespace each command gets an empty disk of its own.
   */
  readonly through: readonly string[]
}

/** A tmpfs of `sizeMib` mebibytes, unmounted on dispose. Needs root, or a kernel that lets users make namespaces. */
export async function smallDisk(sizeMib: number): Promise<SmallDisk> {
  const folder = await guardedFolder('hf-disk')
  const mount = ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'none', folder.path]
  try {
    if (process.getuid?.() === 0) {
      await runProgram('mount', mount)
      return {
        path: folder.path,
        through: [],
        async [Symbol.asyncDispose]() {
          await runProgram('umount', ['-l', folder.path])
          await folder[Symbol.asyncDispose]()
        },
      }
    }
    const inside = ['--map-root-user', '--mount', 'sh', '-c', `mount ${mount.join(' ')} && exec "$@"`, 'sh']
    await runProgram('unshare', [...inside, 'true'])
    return { ...folder, through: ['unshare', ...inside] }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}
