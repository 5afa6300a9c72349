// A segment's index as a repository has it, believed only where it is the one that was sealed for this very place.
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import { parseSegmentIndex } from './resume-state.ts'
import type { SegmentRepository } from './segment-repository.ts'

export interface ArchivedSegment {
  readonly ref: SegmentRef
  readonly index: SegmentIndex
}

/** Reads no data. Throws VERIFY_FAILED, WRONG_KEY, IDENTITY_MISSING. */
export async function readSegment(
  source: SegmentRepository,
  ref: SegmentRef,
  signal?: AbortSignal,
): Promise<ArchivedSegment> {
  const index = parsed(await source.readSegmentIndex(ref, signal), ref)
  if (index.timeline === ref.timeline && index.seq === ref.seq) return { ref, index }
  throw new HoldfastError(
    'VERIFY_FAILED',
    `segment ${index.seq} of timeline ${index.timeline} stands in the place of segment ${ref.seq} of timeline ${ref.timeline}`,
    { object: ref.key },
  )
}

function parsed(value: unknown, { key }: SegmentRef): SegmentIndex {
  try {
    return parseSegmentIndex(value, key)
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw new HoldfastError('VERIFY_FAILED', error.message, { object: key }, { cause: error })
  }
}
