// Where one timeline goes on from another: the place that both of them hold, as far as it can be proven.
import { missingFrom, statesEqual } from './gtid-state.ts'
import type { HistoryRun, HistorySegment } from './history.ts'
import type { GtidState } from './recovery-point.ts'
import {
  type Asking,
  ordinal,
  type Place,
  placeOfPosition,
  placeWhereCovered,
  runStart,
  stateAt,
} from './run-history.ts'

export type Fork =
  /** What happened before `before` in the older run is what happened before `after` in the newer one. */
  | { readonly kind: 'fork'; readonly before: Place; readonly after: Place }
  /** In words that go on from "timeline B … does not continue timeline A:". */
  | { readonly kind: 'unproven'; readonly why: string }

/**
 * The first such place at or behind `floor` of the older run. Of one server the file tells in which the newer run begins, by its name and when it
 * was created: GTIDs would not, for a server whose log was reset or lost its end gives the same ones to other transactions. Of two
 * servers only GTIDs tell: both places have to be behind the very same transactions.
 */
export function* findFork(older: HistoryRun, floor: Place, newer: HistoryRun): Asking<Fork> {
  const [a, b] = [older.segments[0]!, newer.segments[0]!]
  if (a.server === undefined || b.server === undefined)
    return unproven('the archive does not say of which servers they are')
  const fork =
    a.server === b.server ? yield* forkOfFile(older, newer) : yield* forkOfStates(older, floor, newer)
  if (fork.kind === 'fork' && ordinal(older, fork.before) < ordinal(older, floor)) {
    return unproven(`it parts from it at ${placeText(fork.before)}, which is before the end of the backup`)
  }
  return fork
}

function* forkOfFile(older: HistoryRun, newer: HistoryRun): Asking<Fork> {
  const first = newer.segments[0]!
  const position = { file: first.file, offset: first.start }
  const before = yield* placeOfPosition(older, position)
  if (before === undefined || !isSameFile(older.segments[before.segment]!, first)) {
    return unproven(`both are of one server, and ${first.file}, with which it begins, is not there`)
  }
  const [reached, start] = [yield* stateAt(older, before), first.gtidBefore]
  return reached === undefined || start === undefined || statesEqual(reached, start)
    ? { kind: 'fork', before, after: runStart(newer) }
    : unproven(`${first.file} begins there at ${words(reached)} and here at ${words(start)}`)
}

/** A server creates a file of one name a second time only after its log was reset. */
function isSameFile(a: HistorySegment, b: HistorySegment): boolean {
  return a.file === b.file && a.fileSeconds !== undefined && a.fileSeconds === b.fileSeconds
}

/** Goes on in both by turns, each time to where one has all that the other had, until both have the same. */
function* forkOfStates(older: HistoryRun, floor: Place, newer: HistoryRun): Asking<Fork> {
  let before = floor
  let after = runStart(newer)
  for (;;) {
    const [olderState, newerState] = [yield* stateAt(older, before), yield* stateAt(newer, after)]
    if (olderState === undefined || newerState === undefined) {
      return unproven('they are of two servers, and without GTIDs nothing tells what both have')
    }
    if (statesEqual(olderState, newerState)) {
      return newerState.text === ''
        ? unproven('they are of two servers, and neither has a GTID that the other has')
        : { kind: 'fork', before, after }
    }
    const nextBefore = yield* furtherTo(older, before, newerState)
    if ('missing' in nextBefore) return unproven(lacks(older, nextBefore.missing))
    const nextAfter = yield* furtherTo(newer, after, olderState)
    if ('missing' in nextAfter) return unproven(lacks(newer, nextAfter.missing))
    if (
      ordinal(older, nextBefore) === ordinal(older, before) &&
      ordinal(newer, nextAfter) === ordinal(newer, after)
    ) {
      return unproven(`one is at ${words(olderState)} where the other is at ${words(newerState)}`)
    }
    before = nextBefore
    after = nextAfter
  }
}

/** The place itself where the run has all of `wanted` there. */
function* furtherTo(
  run: HistoryRun,
  place: Place,
  wanted: GtidState,
): Asking<Place | { readonly missing: string }> {
  const state = yield* stateAt(run, place)
  if (state !== undefined && missingFrom(state, wanted) === '') return place
  const found = yield* placeWhereCovered(run, wanted)
  if (found === 'before-run') return place
  return 'missing' in found || ordinal(run, found) > ordinal(run, place) ? found : place
}

function lacks({ timeline }: HistoryRun, missing: string): string {
  return `timeline ${timeline} lacks ${missing}`
}

function unproven(why: string): Fork {
  return { kind: 'unproven', why }
}

function placeText({ position: { file, offset } }: Place): string {
  return `${file}:${offset}`
}

function words({ text }: GtidState): string {
  return text === '' ? 'no GTID' : text
}
