// Whether an archive is one unbroken chain, told from the indexes of its segments alone; every hole by its bounds and its cause.
import { missingFrom, stateAfter, statesEqual } from '../core/gtid-state.ts'
import { gapBetween } from '../core/history.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import { decodeTransactions, type SegmentIndex } from '../core/segment-index.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import { historySegments } from './history-segments.ts'

/** What was found under the name of a segment. */
export type FoundSegment =
  | { readonly kind: 'sound'; readonly ref: SegmentRef; readonly index: SegmentIndex }
  | { readonly kind: 'faulty'; readonly ref: SegmentRef; readonly problem: string }

export interface ArchiveHole {
  readonly timeline: string
  /**
   * `damage`: the repository does not hold what was put there. `loss`: the source did not have it any more. `incident`: the source
   * never logged it, and says so.
   */
  readonly kind: 'damage' | 'loss' | 'incident'
  /** What is archived around it; absent at the start and at the end of a timeline. */
  readonly after?: BinlogPosition
  readonly before?: BinlogPosition
  /** Commit times around it, as well as they are known; microseconds since 1970. */
  readonly fromMicros?: number
  readonly toMicros?: number
  readonly cause: string
}

/** All holes, in order of timeline and place. `found` is in order of timeline and number. */
export function archiveHoles(found: readonly FoundSegment[]): ArchiveHole[] {
  const byTimeline = Map.groupBy(found, ({ ref }) => ref.timeline)
  const holes = [...byTimeline.values()].flatMap((each) => holesOfTimeline(each))
  return [
    ...holes,
    ...found.flatMap((each) => (each.kind === 'sound' ? missingBefore(each.index, byTimeline) : [])),
  ]
}

/** A timeline that began later names the end of the one before: nothing behind the last segment there speaks of it but that. */
function missingBefore(
  begun: SegmentIndex,
  byTimeline: ReadonlyMap<string, readonly FoundSegment[]>,
): ArchiveHole[] {
  const { timeline: named, origin } = begun
  const after = origin?.after
  if (after === undefined) return []
  const { timeline, seq, chain } = after
  const there = byTimeline.get(timeline) ?? []
  const last = there.at(-1)
  const hole = { timeline, kind: 'damage' } as const
  const begins = `which timeline ${named} began after`
  if (last === undefined)
    return [{ ...hole, cause: `all of it, up to segment ${seq}, is missing, ${begins}` }]
  if (last.ref.seq < seq) {
    const end = last.kind === 'sound' ? afterOf(last.index) : {}
    return [{ ...hole, ...end, cause: `${missingSegments(last.ref.seq + 1, seq)}, ${begins}` }]
  }
  const one = there.find(({ ref }) => ref.seq === seq)
  if (one?.kind !== 'sound') return []
  if (chain !== undefined && one.index.chain !== chain)
    return [{ ...hole, after: endOf(one.index), cause: `segment ${seq} is another than the one ${begins}` }]
  return neverArchived(one.index, begun)
}

/** What the log with which a timeline begins has behind it, and the timeline before it had not yet. */
function neverArchived(last: SegmentIndex, begun: SegmentIndex): ArchiveHole[] {
  const { flavour } = begun.source
  if (last.gtidAfter === '' || begun.gtidBefore === '' || last.source.flavour !== flavour) return []
  const missing = missingFrom({ flavour, text: last.gtidAfter }, { flavour, text: begun.gtidBefore })
  if (missing === '') return []
  const cause = `${missing} was executed after the end of timeline ${last.timeline}, and is in no log that was archived`
  return [{ timeline: begun.timeline, kind: 'loss', ...beforeOf(begun), fromMicros: endMicros(last), cause }]
}

function holesOfTimeline(found: readonly FoundSegment[]): ArchiveHole[] {
  const holes: ArchiveHole[] = []
  let previous: SegmentIndex | undefined
  let expectedSeq = 1
  let damages: string[] = []
  for (const segment of found) {
    const { ref } = segment
    if (ref.seq !== expectedSeq) damages.push(missingSegments(expectedSeq, ref.seq - 1))
    expectedSeq = ref.seq + 1
    if (segment.kind === 'faulty') {
      damages.push(`segment ${ref.seq} is not what was put there (${segment.problem})`)
      continue
    }
    const { index } = segment
    if (damages.length === 0) damages.push(...brokenChain(previous, index))
    const bounds = { timeline: ref.timeline, ...afterOf(previous), ...beforeOf(index) }
    if (damages.length > 0) holes.push({ ...bounds, kind: 'damage', cause: damages.join('; ') })
    else if (previous !== undefined) {
      const cause = discontinuity(previous, index)
      if (cause !== undefined) holes.push({ ...bounds, kind: 'loss', cause })
    }
    holes.push(...holesWithin(index))
    damages = []
    previous = index
  }
  const [first] = found
  if (damages.length > 0 && first !== undefined) {
    const cause = damages.join('; ')
    holes.push({ timeline: first.ref.timeline, ...afterOf(previous), kind: 'damage', cause })
  }
  return holes
}

/** The chain says what was put behind what; where it does not hold, one of the two is not what it was. */
function brokenChain(previous: SegmentIndex | undefined, index: SegmentIndex): string[] {
  const expected = previous?.chain ?? noChain
  if (index.previousChain === expected) return []
  return previous === undefined
    ? [`segment ${index.seq} was not written as the first of its timeline`]
    : [`segment ${index.seq} was written after another segment ${previous.seq} than the one that is there`]
}

const noChain = '0'.repeat(64)

/** Two that were put one after the other, and yet the log of the source does not go on from one to the other. */
function discontinuity(previous: SegmentIndex, index: SegmentIndex): string | undefined {
  const announced = previous.fileEnd?.nextFile
  if (announced !== undefined && announced !== index.file) {
    return `${previous.file} says that ${announced} follows, and ${index.file} does`
  }
  const [before, after] = historySegments([previous, index])
  return before === undefined || after === undefined ? undefined : gapBetween(before, after)
}

/** State before and transactions have to give the state after; where the source says that it lost events, they are lost. */
function holesWithin(index: SegmentIndex): ArchiveHole[] {
  const { timeline, file, source, gtidBefore, gtidAfter } = index
  const holes = index.incidents.map(({ offset, message }): ArchiveHole => {
    const place = { file, offset }
    const cause = `the source says itself that it lost events here: ${message}`
    const at = { fromMicros: beginMicros(index), toMicros: endMicros(index) }
    return { timeline, kind: 'incident', after: place, before: place, ...at, cause }
  })
  const gtids = decodeTransactions(index).flatMap(({ gtid }) => gtid ?? [])
  const sum = stateAfter({ flavour: source.flavour, text: gtidBefore }, gtids)
  if (statesEqual(sum, { flavour: source.flavour, text: gtidAfter })) return holes
  const cause = `the transactions of segment ${index.seq} lead from ${words(gtidBefore)} to ${words(sum.text)}, not to ${words(gtidAfter)}`
  return [...holes, { timeline, kind: 'damage', after: startOf(index), before: endOf(index), cause }]
}

function words(state: string): string {
  return state === '' ? 'no GTID' : state
}

function missingSegments(first: number, last: number): string {
  return first === last ? `segment ${first} is missing` : `segments ${first} to ${last} are missing`
}

function afterOf(previous: SegmentIndex | undefined): Pick<ArchiveHole, 'after' | 'fromMicros'> {
  return previous === undefined ? {} : { after: endOf(previous), fromMicros: endMicros(previous) }
}

function beforeOf(index: SegmentIndex): Pick<ArchiveHole, 'before' | 'toMicros'> {
  return { before: startOf(index), toMicros: beginMicros(index) }
}

/** The commit of its first transaction, else when its first event arrived. */
export function beginMicros({ transactions, firstArrivalMillis }: SegmentIndex): number {
  return transactions.timeMicros[0] ?? Math.floor(firstArrivalMillis * 1000)
}

/** Until when it is known to hold every commit. */
export function endMicros({ coveredUntilMicros, timeMicros, firstArrivalMillis }: SegmentIndex): number {
  return Math.max(coveredUntilMicros ?? 0, timeMicros) || Math.floor(firstArrivalMillis * 1000)
}

function startOf({ file, start }: SegmentIndex): BinlogPosition {
  return { file, offset: start }
}

function endOf({ file, end }: SegmentIndex): BinlogPosition {
  return { file, offset: end }
}
