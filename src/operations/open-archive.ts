// The archived history of an instance, opened by name.
import { Archive } from '../archive/archive.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface ArchiveRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
}

/** Throws what opening the repository throws, USAGE for an unknown instance, VERIFY_FAILED for a damaged index. */
export async function openArchive({ access, source }: ArchiveRequest, signal: AbortSignal): Promise<Archive> {
  return (await openArchiveOf({ access, source }, signal)).archive
}

/** With the instance, for what else it has. Throws the same. */
export async function openArchiveOf(
  { access, source: name }: ArchiveRequest,
  signal: AbortSignal,
): Promise<{ readonly archive: Archive; readonly source: SourceRepository }> {
  const repository = await openRepository(access, signal)
  const source = await existingSource(repository, name, signal)
  return { archive: await Archive.open(source, signal), source }
}
