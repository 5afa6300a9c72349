// Use case: put small segments of an archive together, so that a repository has fewer objects. Nothing else about them changes.
import type { CompactReport } from '../repository/compact-segments.ts'
import { existingSource } from './existing-source.ts'
import type { ArchiveRequest } from './open-archive.ts'
import { openRepository } from './open-repository.ts'

/** Longer than anybody who has listed the segments takes to come to the last one; who comes later finds them in their packs. */
export const graceMs = 24 * 3600_000
/** Two hours of segments that were sealed every 30 seconds. */
export const fewest = 240

/** Needs no recovery key. Throws what opening the repository throws, USAGE for an unknown instance, VERIFY_FAILED. */
export async function compactBinlogs(
  { access, source: name }: ArchiveRequest,
  signal: AbortSignal,
): Promise<CompactReport> {
  const repository = await openRepository(access, signal)
  const source = await existingSource(repository, name, signal)
  return source.compactSegments({ graceMs, fewest, signal })
}
