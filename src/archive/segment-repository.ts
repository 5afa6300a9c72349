// The little that the archive needs of a source in a repository.
import type { SourceIdentity } from '../core/source-identity.ts'
import type { NewSegment, SegmentRef } from '../repository/segment-store.ts'

/** Contract: as SourceRepository's methods of the same names. */
export interface SegmentRepository {
  readonly name: string
  ensure(identity: SourceIdentity, signal?: AbortSignal): Promise<void>
  admit(identity: SourceIdentity, signal?: AbortSignal): Promise<void>
  claimArchive(signal?: AbortSignal): Promise<void>
  assertArchiver(signal?: AbortSignal): Promise<void>
  putSegment(
    timeline: string,
    seq: number,
    segment: NewSegment,
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'>
  listSegments(timeline?: string, signal?: AbortSignal): Promise<readonly SegmentRef[]>
  readSegmentIndex(ref: SegmentRef, signal?: AbortSignal): Promise<unknown>
  readSegmentData(ref: SegmentRef, signal?: AbortSignal): AsyncIterable<Buffer>
}
