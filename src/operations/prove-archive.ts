// Use case: prove from the chain of segments, their places and their GTIDs that nothing is missing between a backup and the end of the archive.
import {
  type ArchiveHole,
  archiveHoles,
  beginMicros,
  endMicros,
  type FoundSegment,
} from '../archive/archive-proof.ts'
import { checkSegmentData } from '../archive/check-segment-data.ts'
import { historySegments } from '../archive/history-segments.ts'
import { readSegment } from '../archive/read-segment.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { type RecoveryWindow, recoveryWindows } from '../core/recovery-window.ts'
import { answer } from '../core/run-history.ts'
import { decodeTransactions, type SegmentIndex, type TimelineOrigin } from '../core/segment-index.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { existingSource } from './existing-source.ts'
import type { ArchiveRequest } from './open-archive.ts'
import { openRepository } from './open-repository.ts'

export interface ProofRequest extends ArchiveRequest {
  /** Also read every event and check it. */
  readonly readData: boolean
}

export interface TimelineProof {
  readonly timeline: string
  readonly server: SourceIdentity
  /** Why it began, and what it goes on from. */
  readonly origin?: TimelineOrigin
  readonly from: RecoveryPoint
  readonly to: RecoveryPoint
  readonly segments: number
  readonly transactions: number
  /** Without GTIDs the places of the segments in the source's files are all there is to go by, and enough. */
  readonly isByGtids: boolean
}

/** A backup as far as it tells the history: `problem` where its manifest cannot be read. */
export interface ProofBackup {
  readonly id: string
  readonly point?: RecoveryPoint
  readonly isPartial?: boolean
  readonly problem?: string
}

export interface ArchiveProof {
  /** Oldest first. */
  readonly backups: readonly ProofBackup[]
  readonly timelines: readonly TimelineProof[]
  readonly holes: readonly ArchiveHole[]
  /** Oldest first; those of one backup each, that no archive goes on from, are left out. */
  readonly windows: readonly RecoveryWindow[]
  /** The archive's end can be reached from a backup. */
  readonly isEndReached: boolean
  /** Present when every event was read. */
  readonly data?: { readonly events: number; readonly eventsWithoutChecksum: number }
}

/** Names every hole, not only the first. Throws what opening the repository throws, USAGE for an unknown instance. */
export async function proveArchive(
  { access, source: name, readData }: ProofRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<ArchiveProof> {
  const repository = await openRepository(access, signal)
  const source = await existingSource(repository, name, signal)
  const refs = await source.listSegments(undefined, signal)
  const found: FoundSegment[] = []
  const data = { events: 0, eventsWithoutChecksum: 0 }
  emit({ type: 'phase', phase: 'checking binary logs' })
  for (const [i, ref] of refs.entries()) {
    const segment = await asFound(ref, () => readSegment(source, ref, signal))
    found.push(segment.kind === 'sound' && readData ? await readThrough(segment) : segment)
    emit({
      type: 'progress',
      phase: 'checking binary logs',
      done: i + 1,
      total: refs.length,
      unit: 'objects',
    })
  }
  const indexes = found.flatMap((each) => (each.kind === 'sound' ? each.index : []))
  const holes = archiveHoles(found)
  const backups = await readBackups(source, signal)
  const windows = windowsOf(backups, indexes)
  const end = endOf(refs, holes)
  return {
    backups,
    timelines: [...Map.groupBy(indexes, ({ timeline }) => timeline)].map(describeTimeline),
    holes,
    windows,
    isEndReached: windows.some(({ timeline, endedBy }) => timeline === end && endedBy === undefined),
    ...(readData ? { data } : {}),
  }

  async function readThrough({ ref, index }: FoundSegment & { kind: 'sound' }): Promise<FoundSegment> {
    const before = found.at(-1)
    const isNext = before?.kind === 'sound' && before.index.chain === index.previousChain
    return asFound(ref, async () => {
      const checked = await checkSegmentData(
        source,
        { ref, index },
        isNext ? before.index : undefined,
        signal,
      )
      data.events += checked.events
      data.eventsWithoutChecksum += checked.eventsWithoutChecksum
      return { index }
    })
  }
}

async function asFound(
  ref: SegmentRef,
  read: () => Promise<{ readonly index: SegmentIndex }>,
): Promise<FoundSegment> {
  try {
    const { index } = await read()
    return { kind: 'sound', ref, index }
  } catch (error) {
    if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
    return { kind: 'faulty', ref, problem: error.message }
  }
}

async function readBackups(source: SourceRepository, signal: AbortSignal): Promise<readonly ProofBackup[]> {
  const backups: ProofBackup[] = []
  for (const { id } of await source.listBackups(signal)) {
    try {
      const { point, isPartial } = await source.readBackup(id, signal)
      backups.push({ id, point, isPartial })
    } catch (error) {
      // For `holdfast verify` to look into: no window begins with it.
      if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
      backups.push({ id, problem: error.message })
    }
  }
  return backups
}

function windowsOf(backups: readonly ProofBackup[], indexes: readonly SegmentIndex[]): RecoveryWindow[] {
  const readable = backups.flatMap(({ point, ...backup }) =>
    point === undefined ? [] : { ...backup, point },
  )
  const byPlace = new Map(indexes.map((index) => [placeKey(index), index]))
  const { windows } = answer(recoveryWindows(readable, historySegments(indexes)), (segment) => {
    const index = byPlace.get(placeKey(segment))
    return index === undefined ? [] : decodeTransactions(index)
  })
  return windows.filter(({ timeline }) => timeline !== undefined)
}

function placeKey({ timeline, seq }: Pick<SegmentIndex, 'timeline' | 'seq'>): string {
  return `${timeline}/${seq}`
}

/** The timeline that ends where the archive does; undefined when nobody knows, because its last segments are damaged. */
function endOf(refs: readonly SegmentRef[], holes: readonly ArchiveHole[]): string | undefined {
  const timeline = refs.at(-1)?.timeline
  return holes.some((hole) => hole.timeline === timeline && hole.before === undefined) ? undefined : timeline
}

function describeTimeline([timeline, indexes]: [string, readonly SegmentIndex[]]): TimelineProof {
  const [first, last] = [indexes[0]!, indexes.at(-1)!]
  return {
    timeline,
    server: first.source,
    ...(first.origin === undefined ? {} : { origin: first.origin }),
    from: pointIn(first, first.start, first.gtidBefore, beginMicros(first)),
    to: pointIn(
      last,
      last.end,
      last.gtidAfter,
      indexes.reduce((latest, each) => Math.max(latest, endMicros(each)), 0),
    ),
    segments: indexes.length,
    transactions: indexes.reduce((sum, { transactions }) => sum + transactions.lengths.length, 0),
    isByGtids: indexes.some(({ gtidAfter }) => gtidAfter !== ''),
  }
}

function pointIn(index: SegmentIndex, offset: number, gtid: string, timeMicros: number): RecoveryPoint {
  return {
    position: { file: index.file, offset },
    ...(gtid === '' ? {} : { gtid: { flavour: index.source.flavour, text: gtid } }),
    timeMicros,
  }
}

export type { ArchiveHole } from '../archive/archive-proof.ts'
