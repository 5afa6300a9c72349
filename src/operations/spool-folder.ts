// Where the spool of an instance is on this machine.
import path from 'node:path'
import { defaultStateDirectory } from '../repository/host-state.ts'
import type { RepositoryAccess } from './open-repository.ts'

/** Where the spools of all instances of all repositories are. */
export function spoolsFolder({ env }: RepositoryAccess, spools: string | undefined): string {
  return spools ?? path.join(defaultStateDirectory(env), 'spool')
}

/** `spools`: a folder for any number of instances of any repository; under the state directory by default. */
export function spoolFolder(
  access: RepositoryAccess,
  spools: string | undefined,
  repositoryId: string,
  source: string,
): string {
  return path.join(spoolsFolder(access, spools), repositoryId, source)
}
