// Where a program may lie: in the folders of PATH, and in those that packages use for what users do not start themselves.
import { access, constants } from 'node:fs/promises'
import path from 'node:path'

/** Where packages put a server that is not for users to start, and so not on their PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/local/mysql/bin']

/** Paths at which a program of any of these names may be, the likeliest first. */
export function onPath(names: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  const folders = [...(env['PATH'] ?? '').split(path.delimiter), ...systemFolders].filter(
    (folder) => folder !== '',
  )
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name)))
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code !== undefined) return false
    throw error
  }
}
