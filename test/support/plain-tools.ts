// The programs `age` and `zstd`, from PATH or fetched from Debian without installing them.
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fetchPackages } from '../../scripts/servers/fetch-packages.ts'
import { serverCache } from '../../scripts/servers/installation.ts'
import { whileLocked } from '../../scripts/servers/process-lock.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'

const recipe = { suite: 'trixie', packages: ['age', 'zstd'], loosePackages: [] } as const

/** The command line of a program, to put before its arguments. */
export async function plainTool(name: 'age' | 'zstd'): Promise<readonly [string, ...string[]]> {
  if (await runs([name])) return [name]
  const root = path.join(await fetchedTools(), 'root')
  const program = path.join(root, 'usr', 'bin', name)
  if (await runs([program])) return [program]
  // Built for a newer libc than this machine's: its own loader and libraries came with it.
  const libraries = path.join(root, 'usr', 'lib')
  const [triplet = ''] = (await readdir(libraries)).filter((folder) => folder.endsWith('-linux-gnu'))
  const [loader = ''] = (await readdir(path.join(libraries, triplet))).filter((file) =>
    file.startsWith('ld-linux'),
  )
  const folder = path.join(libraries, triplet)
  return [path.join(folder, loader), '--library-path', folder, program]
}

async function runs([program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  try {
    await runProgram(program, [...args, '--version'])
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

async function fetchedTools(): Promise<string> {
  const folder = path.join(serverCache(), 'plain-tools')
  await whileLocked(`${folder}.lock`, async () => {
    if (await exists(folder)) return
    await mkdir(path.dirname(folder), { recursive: true })
    const work = await mkdtemp(`${folder}.partial-`)
    try {
      await fetchPackages(recipe, path.join(work, 'image', 'root'), work)
      await rename(path.join(work, 'image'), folder)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
  return folder
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
