// One gapless stretch of archived history, with its transactions numbered from 0: where backups join it and points lie.
import { formatMariadbGtid, GtidPosition, type MariadbGtid } from './gtid-position.ts'
import { containsTest, missingFrom, stateAfter, stateCovers, statesEqual } from './gtid-state.ts'
import type { HistoryRun, HistorySegment, HistoryTransaction } from './history.ts'
import type { BinlogPosition, GtidState, RecoveryPoint } from './recovery-point.ts'

/** Asks for the transactions of a segment; whoever drives the planner answers with them. */
export type Asking<Result> = Generator<HistorySegment, Result, readonly HistoryTransaction[]>

/** Answers from memory. */
export function answer<Result>(
  asking: Asking<Result>,
  transactionsOf: (segment: HistorySegment) => readonly HistoryTransaction[],
): Result {
  let step = asking.next()
  while (step.done !== true) step = asking.next(transactionsOf(step.value))
  return step.value
}

/** A place between transactions: before number `index` of segment `segment` of the run. */
export interface Place {
  readonly segment: number
  readonly index: number
  readonly position: BinlogPosition
}

/** Transactions of the run before the place: the measure by which places of a run are compared. */
export function ordinal(run: HistoryRun, place: Place): number {
  let count = place.index
  for (const segment of run.segments.slice(0, place.segment)) count += segment.transactionCount
  return count
}

/** Where the run begins or ends. */
export function runStart(run: HistoryRun): Place {
  const first = run.segments[0]!
  return { segment: 0, index: 0, position: { file: first.file, offset: first.start } }
}

export function runEnd(run: HistoryRun): Place {
  const last = run.segments.at(-1)!
  return {
    segment: run.segments.length - 1,
    index: last.transactionCount,
    position: { file: last.file, offset: last.end },
  }
}

/** The place of a file and offset, or undefined when the run does not hold it. An offset inside a transaction is before it. */
export function* placeOfPosition(run: HistoryRun, position: BinlogPosition): Asking<Place | undefined> {
  const segment = run.segments.findLastIndex(
    ({ file, start, end }) => file === position.file && start <= position.offset && position.offset <= end,
  )
  const found = run.segments[segment]
  if (found === undefined) return undefined
  if (position.offset === found.end) return { segment, index: found.transactionCount, position }
  const transactions = yield found
  const index = transactions.filter(({ end }) => end <= position.offset).length
  const inside = transactions[index]
  const isInside = inside !== undefined && inside.start < position.offset
  return { segment, index, position: isInside ? { file: found.file, offset: inside.start } : position }
}

/** Where a backup joins the run; undefined when transactions between the two may be missing. */
export function* placeOfBackup(run: HistoryRun, point: RecoveryPoint): Asking<Place | undefined> {
  const place = yield* claimedPlace(run, point)
  if (place === undefined || (yield* contradicts(run, point.gtid))) return undefined
  if (!beganAfter(run, point)) return place
  const before = run.segments[0]?.gtidBefore
  const isSame = point.gtid === undefined || before === undefined || statesEqual(point.gtid, before)
  return isSame && ordinal(run, place) === 0 ? place : undefined
}

/**
 * True when the first transaction of the run was committed after `point`: then none of the run can be part of a backup there, however
 * much names of files and GTIDs look so. After RESET MASTER both begin anew and are used again for other transactions.
 * By the source's clock, which was read after the snapshot; within one second MariaDB's log cannot tell.
 */
function beganAfter(run: HistoryRun, point: RecoveryPoint): boolean {
  const first = run.segments.find(({ firstTimeMicros }) => firstTimeMicros !== undefined)?.firstTimeMicros
  return first !== undefined && first > point.timeMicros
}

/** True on MariaDB where the run gave one of these numbers to the transaction of another server: they parted before. */
function* contradicts(run: HistoryRun, state: GtidState | undefined): Asking<boolean> {
  const before = run.segments[0]?.gtidBefore
  const after = run.segments.at(-1)?.gtidAfter
  if (state?.flavour !== 'mariadb' || before === undefined || after === undefined) return false
  const [start, end] = [GtidPosition.parse(before.text), GtidPosition.parse(after.text)]
  for (const gtid of GtidPosition.parse(state.text).gtids()) {
    if (!end.contains(gtid) || isSame(start.domain(gtid.domainId), gtid)) continue
    if ((yield* findGtid(run, runStart(run), formatMariadbGtid(gtid))) === undefined) return true
  }
  return false
}

function isSame(a: MariadbGtid | undefined, b: MariadbGtid): boolean {
  return a?.serverId === b.serverId && a.sequence === b.sequence
}

function* claimedPlace(run: HistoryRun, point: RecoveryPoint): Asking<Place | undefined> {
  if (point.position !== undefined) {
    const place = yield* placeOfPosition(run, point.position)
    if (place !== undefined) return (yield* agrees(run, place, point.gtid)) ? place : undefined
  }
  return point.gtid === undefined ? undefined : yield* placeOfState(run, point.gtid)
}

/** File names repeat after a reset of the binary log: the GTIDs tell whether this is the same history. */
function* agrees(run: HistoryRun, place: Place, gtid: GtidState | undefined): Asking<boolean> {
  const segment = run.segments[place.segment]
  if (gtid === undefined || segment?.gtidBefore === undefined) return true
  const before = stateAfter(segment.gtidBefore, gtidsOf((yield segment).slice(0, place.index)))
  return stateCovers(gtid, before)
}

/** Before the first transaction that `state` lacks. What it has of the later ones is left out one by one. */
function* placeOfState(run: HistoryRun, state: GtidState): Asking<Place | undefined> {
  const before = run.segments[0]?.gtidBefore
  if (before === undefined || !stateCovers(state, before)) return undefined
  const isInState = containsTest(state)
  const found = yield* findTransaction(
    run,
    runStart(run),
    ({ gtid }) => gtid === undefined || !isInState(gtid),
    ({ gtidAfter }) => gtidAfter === undefined || !stateCovers(state, gtidAfter),
  )
  return found?.before ?? runEnd(run)
}

export interface FoundTransaction {
  readonly before: Place
  readonly after: Place
  readonly segment: HistorySegment
  readonly transaction: HistoryTransaction
}

/** The first transaction at or after `from` that satisfies `test`. Segments that cannot hold it are not even asked for. */
export function* findTransaction(
  run: HistoryRun,
  from: Place,
  test: (transaction: HistoryTransaction) => boolean,
  mayHold: (segment: HistorySegment) => boolean,
): Asking<FoundTransaction | undefined> {
  for (const [number, segment] of run.segments.entries()) {
    if (number < from.segment || segment.transactionCount === 0 || !mayHold(segment)) continue
    const transactions = yield segment
    const first = number === from.segment ? from.index : 0
    for (let index = first; index < transactions.length; index++) {
      const transaction = transactions[index]!
      if (test(transaction)) return foundAt(segment, number, index, transaction)
    }
  }
  return undefined
}

/** The transaction on either side of a place, where the run has one. */
export function* neighbours(
  run: HistoryRun,
  place: Place,
): Asking<{ previous: FoundTransaction | undefined; next: FoundTransaction | undefined }> {
  const next = yield* findTransaction(
    run,
    place,
    () => true,
    () => true,
  )
  let previous: FoundTransaction | undefined
  for (let number = place.segment; number >= 0 && previous === undefined; number--) {
    const segment = run.segments[number]!
    if (segment.transactionCount === 0 || (number === place.segment && place.index === 0)) continue
    const transactions = yield segment
    const index = number === place.segment ? place.index - 1 : transactions.length - 1
    const transaction = transactions[index]
    if (transaction !== undefined) previous = foundAt(segment, number, index, transaction)
  }
  return { previous, next }
}

function foundAt(
  segment: HistorySegment,
  number: number,
  index: number,
  transaction: HistoryTransaction,
): FoundTransaction {
  const place = (offset: number, at: number): Place => ({
    segment: number,
    index: at,
    position: { file: segment.file, offset },
  })
  return {
    before: place(transaction.start, index),
    after: place(transaction.end, index + 1),
    segment,
    transaction,
  }
}

/** What was executed at a place of the run, as its source saw it; undefined without GTIDs. */
export function* stateAt(run: HistoryRun, place: Place): Asking<GtidState | undefined> {
  const segment = run.segments[place.segment]!
  if (segment.gtidBefore === undefined) return undefined
  if (place.index === 0) return segment.gtidBefore
  if (place.index === segment.transactionCount && segment.gtidAfter !== undefined) return segment.gtidAfter
  return stateAfter(segment.gtidBefore, gtidsOf((yield segment).slice(0, place.index)))
}

/** The transaction with this GTID at or after `from`. */
export function* findGtid(run: HistoryRun, from: Place, gtid: string): Asking<FoundTransaction | undefined> {
  const isWanted = (transaction: HistoryTransaction): boolean => transaction.gtid === gtid
  const likely = yield* findTransaction(run, from, isWanted, (segment) => passes(segment, gtid))
  // Without gtid_strict_mode MariaDB may number downwards, so a segment that does not pass the number may still hold it.
  return likely ?? (yield* findTransaction(run, from, isWanted, () => true))
}

/** True when the GTID was executed between the segment's two states. */
function passes({ gtidBefore, gtidAfter }: HistorySegment, gtid: string): boolean {
  if (gtidBefore === undefined || gtidAfter === undefined) return true
  return containsTest(gtidAfter)(gtid) && !containsTest(gtidBefore)(gtid)
}

/**
 * The place right after the last missing member of `wanted` was executed. When the run starts with all of it, that place is
 * before the run (unless it starts with exactly that); when it ends without, `missing` says what never came.
 */
export function* placeWhereCovered(
  run: HistoryRun,
  wanted: GtidState,
): Asking<Place | 'before-run' | { readonly missing: string }> {
  const before = (yield* stateAt(run, runStart(run))) ?? { flavour: wanted.flavour, text: '' }
  const missing = missingFrom(before, wanted)
  if (missing === '') return statesEqual(before, wanted) ? runStart(run) : 'before-run'
  if (wanted.flavour === 'mysql') return yield* placeWhereSetIsCovered(run, wanted, before)
  let place = runStart(run)
  const notFound: string[] = []
  for (const gtid of missing.split(',')) {
    const found = yield* findGtid(run, runStart(run), gtid)
    if (found === undefined) notFound.push(gtid)
    else if (ordinal(run, found.after) > ordinal(run, place)) place = found.after
  }
  return notFound.length === 0 ? place : { missing: notFound.join(',') }
}

function* placeWhereSetIsCovered(
  run: HistoryRun,
  wanted: GtidState,
  before: GtidState,
): Asking<Place | { readonly missing: string }> {
  let state = before
  for (const [number, segment] of run.segments.entries()) {
    const after: GtidState = segment.gtidAfter ?? stateAfter(state, gtidsOf(yield segment))
    if (!stateCovers(after, wanted)) {
      state = after
      continue
    }
    const transactions = yield segment
    const isWanted = containsTest(wanted)
    const last = transactions.findLastIndex(({ gtid }) => gtid !== undefined && isWanted(gtid))
    const transaction = transactions[last]
    if (transaction === undefined) break
    return foundAt(segment, number, last, transaction).after
  }
  return { missing: missingFrom(state, wanted) }
}

export function gtidsOf(transactions: readonly HistoryTransaction[]): string[] {
  return transactions.flatMap(({ gtid }) => (gtid === undefined ? [] : [gtid]))
}
