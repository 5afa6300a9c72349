// A file system of a few megabytes that really runs full, for what happens when a disk does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
}

/** A tmpfs of `sizeMib` mebibytes, unmounted on dispose. Needs root, or a kernel that lets users make namespaces. */
export async function smallDisk(sizeMib: number): Promise<SmallDisk> {
  const folder = await guardedFolder('hf-disk')
  const mount = ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'none', folder.path]
  try {
    return process.getuid?.() === 0 ? await mountedDisk(folder, mount) : await namespaceDisk(folder, mount)
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

async function mountedDisk(folder: SmallDisk, mount: readonly string[]): Promise<SmallDisk> {
  await runProgram('mount', mount)
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await runProgram('umount', ['-l', folder.path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Mounted in a namespace that a process of ours keeps, and reached from outside through /proc/PID/root (proc(5)). */
async function namespaceDisk(folder: SmallDisk, mount: readonly string[]): Promise<SmallDisk> {
  // `cat` takes the place of the shell and keeps its pid; it ends with its input, and so with this process at the latest.
  const script = 'mount "$@" && echo mounted && exec cat'
  const keeper = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', ...mount], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(keeper, 'close')
  let said = ''
  keeper.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await Promise.race([once(keeper.stdout, 'data'), ended])
  if (keeper.exitCode !== null) {
    throw new Error(`neither root nor allowed to mount in a namespace of our own: ${said.trim()}`)
  }
  return {
    path: `/proc/${keeper.pid}/root${folder.path}`,
    async [Symbol.asyncDispose]() {
      keeper.stdin.end()
      await ended
      await folder[Symbol.asyncDispose]()
    },
  }
}
