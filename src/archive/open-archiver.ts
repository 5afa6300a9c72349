// Finds out where archiving goes on: in the spool of an earlier run, behind the repository's last segment, or on a new timeline.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import { Archiver, type SealRules } from './archiver.ts'
import { askedOrigin, newTimeline, timelineNumber } from './new-timeline.ts'
import { readSegment } from './read-segment.ts'
import { type ResumeState, stateAfterSegment } from './resume-state.ts'
import type { SegmentRepository } from './segment-repository.ts'
import type { SegmentUploader } from './segment-uploader.ts'
import type { SourceServer } from './source-server.ts'
import type { Spool } from './spool.ts'

export interface OpenArchiverOptions extends SealRules {
  readonly source: SegmentRepository
  readonly spool: Spool
  readonly uploader: SegmentUploader
  readonly server: SourceServer
  readonly startNewTimeline: boolean
  readonly emit: EmitEvent
}

/** Sealed segments that a crash left are on their way to the repository when this returns. */
export async function openArchiver(options: OpenArchiverOptions): Promise<Archiver> {
  const { spool, emit } = options
  const refs = await options.source.listSegments()
  let states = await spool.states()
  if (options.startNewTimeline && states.length > 0) {
    emit({
      type: 'notice',
      level: 'info',
      message: `the earlier spool was set aside in ${await spool.setAside()}`,
    })
    states = []
  }
  const current = states.at(-1)
  if (current !== undefined && !options.startNewTimeline) {
    const newer = await newerState(options, refs, states)
    if (newer === undefined) return resumeSpool(options, refs, states, current)
    emit({
      type: 'notice',
      level: 'warning',
      message: `another archiver went on from here; what this one had not stored was set aside in ${await spool.setAside()}`,
    })
    return begin(options, newer)
  }
  const last = refs.at(-1)
  if (options.startNewTimeline) return beginAnew(options, refs, current)
  if (last === undefined) {
    await options.source.ensure(options.server.source)
    return begin(options, newTimeline(refs, options.server, askedOrigin(refs, undefined, options.server)))
  }
  return begin(options, await stateBehind(options.source, last))
}

/** The spool goes on: what was sealed is put, what was open is read again and cut behind its last whole event. */
async function resumeSpool(
  options: OpenArchiverOptions,
  refs: readonly SegmentRef[],
  states: readonly ResumeState[],
  current: ResumeState,
): Promise<Archiver> {
  const { spool, uploader } = options
  checkJoins(states[0] ?? current, refs)
  for (const [i, state] of states.slice(0, -1).entries()) {
    const sealed = await spool.sealed(state)
    if (sealed !== undefined && sealed.index.chain === states[i + 1]?.chain) {
      uploader.add(sealed, state)
    } else if (refs.some(({ timeline, seq }) => timeline === state.timeline && seq === state.seq)) {
      await spool.forget(state.seq)
    } else {
      return fetchAgain(options, state, states.slice(i + 1))
    }
  }
  const archiver = new Archiver(options, current, await spool.recover(current))
  await archiver.sealEndedFile()
  return archiver
}

/** A sealed segment is no longer what it was when it was made durable: the source is asked for it, and all behind it, once more. */
async function fetchAgain(
  options: OpenArchiverOptions,
  state: ResumeState,
  behind: readonly ResumeState[],
): Promise<Archiver> {
  const { spool, emit } = options
  // Newest first: a crash on the way leaves states that follow each other.
  for (const { seq } of behind.toReversed()) await spool.forget(seq)
  await spool.forget(state.seq, { keepState: true })
  emit({
    type: 'notice',
    level: 'warning',
    message: `the spool ${spool.folder} has lost bytes of segment ${state.seq} of timeline ${state.timeline}: the source is asked for them again`,
  })
  return new Archiver(options, state, undefined)
}

/** Whoever asks for a new timeline may mean another server. */
async function beginAnew(
  options: OpenArchiverOptions,
  refs: readonly SegmentRef[],
  spooled: ResumeState | undefined,
): Promise<Archiver> {
  const { source, server } = options
  await source.admit(server.source)
  return begin(options, newTimeline(refs, server, askedOrigin(refs, await lastKnown(), server)))

  async function lastKnown(): Promise<ResumeState | undefined> {
    const last = refs.at(-1)
    if (last === undefined || (spooled?.timeline === last.timeline && spooled.seq === last.seq + 1))
      return spooled
    try {
      return await stateBehind(source, last)
    } catch (error) {
      // Neither a lost key nor a damaged segment may keep anybody from going on anew.
      if (!isHoldfastError(error, 'IDENTITY_MISSING', 'WRONG_KEY', 'VERIFY_FAILED')) throw error
      return undefined
    }
  }
}

async function begin(options: OpenArchiverOptions, state: ResumeState): Promise<Archiver> {
  await options.spool.record(state)
  return new Archiver(options, state, undefined)
}

/** Behind the repository's last segment, when that is past what the spool knows: somebody else has archived. */
async function newerState(
  { source }: OpenArchiverOptions,
  refs: readonly SegmentRef[],
  states: readonly ResumeState[],
): Promise<ResumeState | undefined> {
  const current = states.at(-1)
  const last = refs.at(-1)
  if (current === undefined || last === undefined) return undefined
  return isBehind(current, last, refs) ? stateBehind(source, last) : undefined
}

function isBehind(current: ResumeState, last: SegmentRef, refs: readonly SegmentRef[]): boolean {
  if (last.timeline === current.timeline) return last.seq >= current.seq
  const isStored = refs.some(({ timeline }) => timeline === current.timeline)
  // Of two that began at once, one was stored first: then the random part of their names says nothing.
  return isStored
    ? last.timeline > current.timeline
    : timelineNumber(last.timeline) >= timelineNumber(current.timeline)
}

async function stateBehind(source: SegmentRepository, last: SegmentRef): Promise<ResumeState> {
  try {
    return stateAfterSegment((await readSegment(source, last)).index)
  } catch (error) {
    if (!isHoldfastError(error, 'IDENTITY_MISSING')) throw error
    throw new HoldfastError(
      'IDENTITY_MISSING',
      `where the archive of ${source.name} ends can only be read with the recovery key: its spool is not on this machine`,
      { source: source.name },
      {
        cause: error,
        hint: 'Give the recovery key once with --identity FILE; the spool remembers it from then on.',
      },
    )
  }
}

/** The spool's first segment has to follow the repository's last of its timeline. */
function checkJoins(first: ResumeState, refs: readonly SegmentRef[]): void {
  const stored = refs.filter(({ timeline }) => timeline === first.timeline).map(({ seq }) => seq)
  const last = Math.max(0, ...stored)
  if (first.seq <= last + 1) return
  throw new HoldfastError(
    'ARCHIVE_GAP',
    `the spool goes on with segment ${first.seq} of timeline ${first.timeline}, and the repository has none after ${last}`,
    { timeline: first.timeline, seq: first.seq },
  )
}
