// The programs `age` and `zstd`, from PATH or fetched from Debian without installing them.
import path from 'node:path'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { fetchedPackages, throughLoader } from './fetched-packages.ts'

const packages = { suite: 'trixie', packages: ['age', 'zstd'], loosePackages: [] } as const

/** The command line of a program, to put before its arguments. */
export async function plainTool(name: 'age' | 'zstd'): Promise<readonly [string, ...string[]]> {
  if (await runs([name])) return [name]
  const root = await fetchedPackages('plain-tools', packages)
  const program = path.join('usr', 'bin', name)
  if (await runs([path.join(root, program)])) return [path.join(root, program)]
  return throughLoader(root, program)
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
