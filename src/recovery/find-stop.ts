// Where replay has to stop for a wanted point, seen from one backup and the run of history it joins.
import { statesEqual } from '../core/gtid-state.ts'
import type { HistoryRun } from '../core/history.ts'
import type { HistoryPath, RunSpan } from '../core/history-paths.ts'
import { coveredUntilMicros } from '../core/recovery-window.ts'
import type { RestorePoint } from '../core/restore-point.ts'
import {
  type Asking,
  findGtid,
  findTransaction,
  ordinal,
  type Place,
  placeOfPosition,
  placeWhereCovered,
  runEnd,
  runStart,
} from '../core/run-history.ts'
import type { BaseBackup } from './restore-plan.ts'

export type Stop =
  | { readonly kind: 'at'; readonly place: Place }
  /** What the replay of the run begins with already holds more than the point. */
  | { readonly kind: 'before-base' }
  /** The run ends before the point is reached; `missing` names what never came. */
  | { readonly kind: 'beyond-end'; readonly missing?: string }

/**
 * A time stops before the first transaction that was committed after it: what follows may carry an earlier time when the
 * source's clock was set back, but leaving it out is the side to err on. Without a run only the backup's own state can be had.
 */
export function* findStop(
  point: RestorePoint,
  backup: BaseBackup,
  path: HistoryPath | undefined,
): Asking<Stop> {
  if (point.kind === 'time' && point.timeMicros < backup.point.timeMicros) return { kind: 'before-base' }
  if (path === undefined) return ownState(point, backup)
  const { run, from, floor } = path
  switch (point.kind) {
    case 'backup':
      return { kind: 'at', place: from }
    case 'latest':
      return { kind: 'at', place: runEnd(run) }
    case 'time':
      return yield* stopOfTime(point.timeMicros, path)
    case 'gtid': {
      const place = yield* placeWhereCovered(run, { flavour: point.flavour, text: point.gtid })
      if (isOwnState(point, backup)) return { kind: 'at', place: from }
      if (place === 'before-run') return { kind: 'before-base' }
      if ('missing' in place) return { kind: 'beyond-end', missing: place.missing }
      return notBefore(run, floor, place)
    }
    case 'before-gtid': {
      const found = yield* findGtid(run, runStart(run), point.gtid)
      if (found === undefined) return { kind: 'beyond-end', missing: point.gtid }
      return notBefore(run, floor, found.before)
    }
    case 'position':
      break
  }
  const place = yield* placeOfPosition(run, point.position)
  const { file, offset } = point.position
  return place === undefined
    ? { kind: 'beyond-end', missing: `${file}:${offset}` }
    : notBefore(run, floor, place)
}

function notBefore(run: HistoryRun, floor: Place, place: Place): Stop {
  const isBehind = ordinal(run, place) < ordinal(run, floor)
  return isBehind ? { kind: 'before-base' } : { kind: 'at', place: laterOf(floor, place) }
}

/** Two places with the same transactions before them may differ in bytes: replay must not run backwards over a file's head. */
function laterOf(from: Place, place: Place): Place {
  if (place.segment !== from.segment) return place.segment > from.segment ? place : from
  return place.position.offset >= from.position.offset ? place : from
}

function* stopOfTime(timeMicros: number, { earlier, run, from, floor }: HistoryPath): Asking<Stop> {
  for (const span of earlier) {
    if (yield* isPassed(timeMicros, span)) return { kind: 'before-base' }
  }
  const found = yield* findTransaction(
    run,
    from,
    (transaction) => transaction.timeMicros > timeMicros,
    ({ maxTimeMicros }) => maxTimeMicros === undefined || maxTimeMicros > timeMicros,
  )
  if (found !== undefined) return notBefore(run, floor, found.before)
  return (coveredUntilMicros(run) ?? -Infinity) >= timeMicros
    ? { kind: 'at', place: runEnd(run) }
    : { kind: 'beyond-end' }
}

/** True when the span has a transaction that was committed after the time. */
function* isPassed(timeMicros: number, { run, from, until }: RunSpan): Asking<boolean> {
  const found = yield* findTransaction(
    run,
    from,
    (transaction) => transaction.timeMicros > timeMicros,
    ({ maxTimeMicros }) => maxTimeMicros === undefined || maxTimeMicros > timeMicros,
  )
  return found !== undefined && ordinal(run, found.after) <= ordinal(run, until)
}

function ownState(point: RestorePoint, backup: BaseBackup): Stop {
  const position = backup.point.position ?? { file: '', offset: 0 }
  const isOwn = point.kind === 'latest' || point.kind === 'backup' || isOwnState(point, backup)
  return isOwn ? { kind: 'at', place: { segment: 0, index: 0, position } } : { kind: 'beyond-end' }
}

function isOwnState(point: RestorePoint, { point: own, upTo }: BaseBackup): boolean {
  if (upTo !== undefined) return false
  if (point.kind === 'time') return point.timeMicros === own.timeMicros
  if (point.kind === 'position') {
    return point.position.file === own.position?.file && point.position.offset === own.position.offset
  }
  if (point.kind !== 'gtid' || own.gtid === undefined) return false
  return statesEqual(own.gtid, { flavour: point.flavour, text: point.gtid })
}
