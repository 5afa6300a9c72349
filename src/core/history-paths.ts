// The ways on from a backup: the run of history that it joins, and from there over timelines that go on one from another.
import { stateCovers } from './gtid-state.ts'
import type { HistoryRun } from './history.ts'
import type { RecoveryPoint } from './recovery-point.ts'
import {
  type Asking,
  ordinal,
  type Place,
  placeOfBackup,
  placeWhereCovered,
  runEnd,
  stateAt,
} from './run-history.ts'
import { findFork } from './timeline-fork.ts'

/** A stretch of a run, replayed whole. */
export interface RunSpan {
  readonly run: HistoryRun
  readonly from: Place
  readonly until: Place
}

export interface HistoryPath {
  /** What is replayed before, in this order: runs of older timelines, each up to the place where the next goes on. */
  readonly earlier: readonly RunSpan[]
  readonly run: HistoryRun
  /** Where replay of the run begins. */
  readonly from: Place
  /** Behind the last transaction that the base has; the same place unless the base is ahead of its own position. */
  readonly floor: Place
}

interface Base {
  readonly point: RecoveryPoint
  /** Where the base may hold anything between its point and this one. */
  readonly upTo?: RecoveryPoint
}

export interface HistoryPaths {
  /** To the newest run first. */
  readonly paths: readonly HistoryPath[]
  /** Why a run of a later timeline cannot be shown to go on from any of them. */
  readonly refusals: ReadonlyMap<HistoryRun, string>
}

/** All runs that can be reached from a base. `runs` oldest first. */
export function* historyPaths(base: Base, runs: readonly HistoryRun[]): Asking<HistoryPaths> {
  const paths: HistoryPath[] = []
  const refusals = new Map<HistoryRun, string>()
  for (const run of runs) {
    const path = (yield* joinDirectly(base, run)) ?? (yield* joinThrough(base, paths, run, refusals))
    if (path !== undefined) paths.unshift(path)
  }
  return { paths, refusals }
}

/** Undefined when something may be missing between the base and the run. */
function* joinDirectly({ point, upTo }: Base, run: HistoryRun): Asking<HistoryPath | undefined> {
  const { gtid } = upTo ?? point
  const from = yield* placeOfBackup(run, point)
  if (from === undefined) return undefined
  const reached = yield* stateAt(run, from)
  if (gtid === undefined || reached === undefined || stateCovers(reached, gtid)) {
    return { earlier: [], run, from, floor: from }
  }
  // A physical backup may have more than its position says: no point before the last of these can be had from it.
  const floor = yield* placeWhereCovered(run, gtid)
  if (floor !== 'before-run' && !('missing' in floor)) return { earlier: [], run, from, floor }
  // The archive ends within what the backup may have: to its end, and no shorter.
  return upTo === undefined ? undefined : { earlier: [], run, from, floor: runEnd(run) }
}

/** Over the newest of the paths that the run can be shown to go on from. */
function* joinThrough(
  { point, upTo }: Base,
  paths: readonly HistoryPath[],
  run: HistoryRun,
  refusals: Map<HistoryRun, string>,
): Asking<HistoryPath | undefined> {
  for (const path of paths) {
    // What parts two runs of one timeline is a gap.
    if ([path, ...path.earlier].some((each) => each.run.timeline === run.timeline)) continue
    const held = (upTo ?? point).gtid
    const reached = yield* stateAt(path.run, path.floor)
    // What a physical backup may have behind the end of an archive may be no part of what goes on from there.
    if (held !== undefined && reached !== undefined && !stateCovers(reached, held)) continue
    const fork = yield* findFork(path.run, path.floor, run)
    if (fork.kind === 'fork') {
      const span = { run: path.run, from: path.from, until: fork.before }
      const isEmpty = ordinal(path.run, span.until) === ordinal(path.run, span.from)
      const earlier = isEmpty ? path.earlier : [...path.earlier, span]
      return { earlier, run, from: fork.after, floor: fork.after }
    }
    if (!refusals.has(run)) refusals.set(run, fork.why)
  }
  return undefined
}
