// Makes a folder with those above it, one by one.
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from './store-errors.ts'

/**
 * Makes `path` and the folders above it that are missing, for their owner alone. Answers the topmost one that was made, or undefined when
 * all were there. Throws the system's error for what is no folder or cannot be made.
 *
 * Node's own recursive mkdir asks again without end, deaf to every signal, where mkdir(2) answers ENOENT below a folder that exists, as
 * procfs does.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = []
  for (let folder = path; !(await isThere(folder)); folder = dirname(folder)) missing.push(folder)
  for (const folder of missing.toReversed()) await makeOne(folder)
  return missing.at(-1)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    // ENOTDIR: something above it is no folder, and mkdir(2) is going to say so.
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')
    if (isMissing && dirname(path) !== path) return false
    throw error
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST' || !(await isFolder(folder))) throw error
  }
}

/** False also for a link that leads nowhere. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}
