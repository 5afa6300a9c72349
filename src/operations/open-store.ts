// Which store is meant by what a user says of a repository's place.
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../core/errors.ts'
import { DirectoryStore } from '../storage/directory-store.ts'
import type { ObjectStore } from '../storage/object-store.ts'

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
