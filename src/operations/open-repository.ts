// From what a user says about a repository (a place, a key file) to an opened one.
import { defaultStateDirectory } from '../repository/host-state.ts'
import { Repository } from '../repository/repository.ts'
import { readIdentityFile } from './identity-file.ts'
import { openStore } from './open-store.ts'

export interface RepositoryAccess {
  /** A directory, or a file: URL of one. */
  readonly place: string
  /** Where the recovery key is; what only writes goes without. */
  readonly identityFile?: string | undefined
  /** zstd's, for what is written. */
  readonly compressLevel?: number | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Throws REPOSITORY_MISSING, REPOSITORY_FORMAT_TOO_NEW, IDENTITY_MISSING or WRONG_KEY. */
export async function openRepository(access: RepositoryAccess, signal: AbortSignal): Promise<Repository> {
  const identities = access.identityFile === undefined ? [] : await readIdentityFile(access.identityFile)
  const stateDirectory = defaultStateDirectory(access.env)
  const { compressLevel } = access
  return Repository.open(openStore(access.place), { identities, stateDirectory, compressLevel, signal })
}
