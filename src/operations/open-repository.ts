// From what a user says about a repository (a place, a key file) to an opened one.
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../core/errors.ts'
import { defaultStateDirectory } from '../repository/host-state.ts'
import { Repository } from '../repository/repository.ts'
import { DirectoryStore } from '../storage/directory-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readIdentityFile } from './identity-file.ts'

export interface RepositoryAccess {
  /** A directory, or a file: URL of one. */
  readonly place: string
  /** Where the recovery key is; what only writes goes without. */
  readonly identityFile?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Chooses the store by the form of `place`. Throws USAGE for a kind of place that there is no store for. */
export function openStore(place: string): ObjectStore {
  if (place.startsWith('file:')) return new DirectoryStore(fileURLToPath(place))
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(place)?.[1]
  if (scheme === undefined) return new DirectoryStore(place)
  throw new HoldfastError(
    'USAGE',
    `there is no store for ${scheme}: repositories`,
    { place },
    {
      hint: 'Give a directory, which may lie on a network mount.',
    },
  )
}

/** Throws REPOSITORY_MISSING, REPOSITORY_FORMAT_TOO_NEW, IDENTITY_MISSING or WRONG_KEY. */
export async function openRepository(access: RepositoryAccess, signal: AbortSignal): Promise<Repository> {
  const identities = access.identityFile === undefined ? [] : await readIdentityFile(access.identityFile)
  const stateDirectory = defaultStateDirectory(access.env)
  return Repository.open(openStore(access.place), { identities, stateDirectory, signal })
}
