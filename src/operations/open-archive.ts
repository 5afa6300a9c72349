// The archived history of an instance, opened by name.
import { Archive } from '../archive/archive.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface ArchiveRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
}

/** Throws what opening the repository throws, USAGE for an unknown instance, VERIFY_FAILED for a damaged index. */
export async function openArchive({ access, source }: ArchiveRequest, signal: AbortSignal): Promise<Archive> {
  const repository = await openRepository(access, signal)
  return Archive.open(await existingSource(repository, source, signal), signal)
}
