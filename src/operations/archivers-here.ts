// The archivers of a repository that ran on this machine, found by what they left beside their spools: also while the repository is away.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type ArchiverState, readArchiverState } from './archiver-state.ts'

export interface ArchiverHere {
  /** Name of the instance. */
  readonly name: string
  readonly archiver: ArchiverState
}

/** By name. `spools` is the folder for spools of all repositories; `place` is the repository's own word for where it is. */
export async function archiversHere(spools: string, place: string): Promise<readonly ArchiverHere[]> {
  const found: ArchiverHere[] = []
  for (const repositoryId of await namesIn(spools)) {
    for (const name of await namesIn(path.join(spools, repositoryId))) {
      const archiver = await readArchiverState(path.join(spools, repositoryId, name))
      if (archiver?.repository === place) found.push({ name, archiver })
    }
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return []
    throw error
  }
}
