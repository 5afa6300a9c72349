// Where a timeline begins: its name, which nobody else will choose, and why the history before it did not go on.
import { randomBytes } from 'node:crypto'
import type { TimelineOrigin } from '../core/segment-index.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import { firstState, type ResumeState } from './resume-state.ts'
import { isSameServer, type SourceServer } from './source-server.ts'

/** Numbered behind all that there are. Two that begin at once have one number and still two names. */
export function newTimeline(
  refs: readonly SegmentRef[],
  server: SourceServer,
  origin: TimelineOrigin,
): ResumeState {
  const numbers = refs.map(({ timeline }) => timelineNumber(timeline))
  const number = Math.max(0, ...numbers) + 1
  const timeline = `${String(number).padStart(4, '0')}-${randomBytes(4).toString('hex')}`
  return { ...firstState(timeline, server), origin }
}

/** 0 for a name of another make. */
export function timelineNumber(name: string): number {
  return Number(/^(\d{4})-/.exec(name)?.[1] ?? 0)
}

/** The origin of a timeline that somebody asks for, as far as it can be told what it goes on from. */
export function askedOrigin(
  refs: readonly SegmentRef[],
  before: ResumeState | undefined,
  server: SourceServer,
): TimelineOrigin {
  const last = refs.at(-1)
  if (last === undefined) return { reason: 'nothing had been archived before' }
  const isOther = before !== undefined && !isSameServer(before.source, server.source)
  const reason = isOther
    ? 'asked for, with another server than before'
    : 'asked for, with the same server as before'
  return { reason, after: endOfArchive(last, before) }
}

/** The chain value of the last segment is known where its index could be read, or where this host had written it. */
export function endOfArchive(
  last: SegmentRef,
  before: ResumeState | undefined,
): NonNullable<TimelineOrigin['after']> {
  const { timeline, seq } = last
  const isBehindLast = before?.timeline === timeline && before.seq === seq + 1
  return { timeline, seq, ...(isBehindLast ? { chain: before.chain } : {}) }
}
