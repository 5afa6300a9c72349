// A lock between processes that the kernel gives back when its owner dies, however it dies.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` while this process alone holds `file`. SQLite's exclusive transaction stands on fcntl locks, so a killed
 * owner leaves nothing stale behind, unlike a lock file with a process id in it.
 */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true })
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    while (!isFree(database)) await sleep(100)
    return await work()
  } finally {
    database.close()
  }
}

function isFree(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return false
    throw error
  }
}
