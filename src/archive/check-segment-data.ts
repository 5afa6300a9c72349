// Whether the bytes of a segment are those that its index tells of: every event is read, and the index is made again from them.
import { isDeepStrictEqual } from 'node:util'
import { EventSplitter } from '../binlog/event-splitter.ts'
import { decodeFormatDescription } from '../binlog/format-description.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import type { ArchivedSegment } from './read-segment.ts'
import { firstState, type ResumeState } from './resume-state.ts'
import { SegmentBuilder } from './segment-builder.ts'
import type { SegmentRepository } from './segment-repository.ts'

export interface CheckedData {
  readonly events: number
  /** Events of files that were written without checksums: of these only the SHA-256 of the segment was checked. */
  readonly eventsWithoutChecksum: number
}

/** `previous` is the segment before, where it is there. Throws VERIFY_FAILED and what reading throws. */
export async function checkSegmentData(
  source: SegmentRepository,
  { ref, index }: ArchivedSegment,
  previous: SegmentIndex | undefined,
  signal?: AbortSignal,
): Promise<CheckedData> {
  const { start, formatEvent } = index
  const builder = new SegmentBuilder(stateBefore(index, previous), start === 0 ? index.file : undefined)
  const format = start === 0 ? undefined : decodeFormatDescription(Buffer.from(formatEvent, 'base64'), 4)
  const splitter = new EventSplitter({ offset: start, format })
  const count = { events: 0, eventsWithoutChecksum: 0 }
  try {
    for await (const piece of source.readSegmentData(ref, signal)) {
      for (const event of splitter.push(piece)) {
        builder.push(event, 0)
        count.events++
        if (event.format.checksum === 'none') count.eventsWithoutChecksum++
      }
    }
    splitter.end()
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw new HoldfastError('VERIFY_FAILED', error.message, { object: ref.key }, { cause: error })
  }
  const [wrong] = builder.isEmpty ? ['data'] : differences(index, builder.seal().index, previous)
  if (wrong === undefined) return count
  throw new HoldfastError(
    'VERIFY_FAILED',
    `its bytes are not those that its index tells of: ${wrong} differs`,
    {
      object: ref.key,
    },
  )
}

/** Times are left out: they were seen when the events arrived, and are in no byte of them. */
function differences(
  index: SegmentIndex,
  made: SegmentIndex,
  previous: SegmentIndex | undefined,
): (keyof SegmentIndex)[] {
  const ofBytes = ['dataSha256', 'end', 'formatEvent', 'fileEnd', 'tail'] as const
  const wrong: (keyof SegmentIndex)[] = ofBytes.filter((name) => !isDeepStrictEqual(index[name], made[name]))
  // What a transaction was that began before can only be told with the segment where it did.
  const beganBefore = previous === undefined && (index.transactions.skips[0] ?? 0) < 0
  if (beganBefore) return wrong
  const ofTransactions = ['gtidBefore', 'gtidAfter', 'incidents'] as const
  wrong.push(...ofTransactions.filter((name) => !isDeepStrictEqual(index[name], made[name])))
  const columns = ['skips', 'lengths', 'gtids', 'kinds'] as const
  const isSame = columns.every((name) => isDeepStrictEqual(index.transactions[name], made.transactions[name]))
  // What older versions wrote has no counts; and those behind a segment that is gone may begin within a transaction.
  const { changes } = index.transactions
  const isTold = changes !== undefined && (previous !== undefined || index.start === 0)
  const isCounted = !isTold || isDeepStrictEqual(changes, made.transactions.changes)
  return isSame && isCounted ? wrong : [...wrong, 'transactions']
}

function stateBefore(index: SegmentIndex, previous: SegmentIndex | undefined): ResumeState {
  const { timeline, seq, source, serverVersion, file, start, formatEvent, previousChain, gtidBefore } = index
  const isOpen = previous?.openTransaction !== undefined && start > 0
  return {
    ...firstState(timeline, { source, serverVersion }),
    seq,
    file,
    offset: start,
    formatEvent,
    chain: previousChain,
    gtid: gtidBefore,
    ...(isOpen ? { openTransaction: previous.openTransaction } : {}),
  }
}
