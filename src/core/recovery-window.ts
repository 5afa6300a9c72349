// Which moments of an instance can be reached: backups times archived history, with every gap named.
import { stateCovers, statesEqual } from './gtid-state.ts'
import { type HistoryGap, type HistoryRun, type HistorySegment, historyRuns } from './history.ts'
import type { RecoveryPoint } from './recovery-point.ts'

/** Every commit from `from` to `to` can be reached, starting from one of `backups` (oldest first). */
export interface RecoveryWindow {
  readonly backups: readonly string[]
  readonly from: RecoveryPoint
  readonly to: RecoveryPoint
  /** Absent for a backup of a part, or one that no archived history goes on from: only its own point can be reached. */
  readonly timeline?: string
  /** Why it ends there, unless the archive simply has no more. */
  readonly endedBy?: HistoryGap
}

export interface RecoveryWindows {
  /** Oldest first. */
  readonly windows: readonly RecoveryWindow[]
  readonly gaps: readonly HistoryGap[]
}

interface BackupOfWindow {
  readonly id: string
  readonly point: RecoveryPoint
  /** Holds a part of the instance, so nothing can be replayed behind it. */
  readonly isPartial?: boolean
}

/** A pure function of what the repository lists. */
export function recoveryWindows(
  backups: readonly BackupOfWindow[],
  segments: readonly HistorySegment[],
): RecoveryWindows {
  const { runs, gaps } = historyRuns(segments)
  const sorted = backups.toSorted((a, b) => a.point.timeMicros - b.point.timeMicros)
  const byRun = Map.groupBy(sorted, ({ point, isPartial }) =>
    isPartial === true ? undefined : runs.findLast((run) => joinsRun(run, point)),
  )
  const windows: RecoveryWindow[] = []
  for (const [run, joined] of byRun) {
    if (run === undefined) {
      for (const { id, point } of joined) windows.push({ backups: [id], from: point, to: point })
      continue
    }
    const oldest = joined[0]!
    const endedBy = gaps.find((gap) => isAtEnd(gap, run))
    windows.push({
      backups: joined.map(({ id }) => id),
      from: oldest.point,
      to: endOfRun(run, joined.at(-1)?.point ?? oldest.point),
      timeline: run.timeline,
      ...(endedBy === undefined ? {} : { endedBy }),
    })
  }
  return { windows: windows.toSorted((a, b) => a.from.timeMicros - b.from.timeMicros), gaps }
}

/**
 * True when the first transaction of the run was committed after `point`: then none of the run can be part of a backup there, however
 * much names of files and GTIDs look so. After RESET MASTER both begin anew and are used again for other transactions.
 * By the source's clock, which was read after the snapshot; within one second MariaDB's log cannot tell.
 */
export function beganAfter(run: HistoryRun, point: RecoveryPoint): boolean {
  const first = run.segments.find(({ firstTimeMicros }) => firstTimeMicros !== undefined)?.firstTimeMicros
  return first !== undefined && first > point.timeMicros
}

/** True when the run holds everything that happened after `point`, as far as the run goes. */
export function joinsRun(run: HistoryRun, point: RecoveryPoint): boolean {
  const { position, gtid } = point
  const first = run.segments[0]
  if (beganAfter(run, point)) {
    return gtid !== undefined && first?.gtidBefore !== undefined && statesEqual(gtid, first.gtidBefore)
  }
  if (position !== undefined) {
    const holder = run.segments.find(
      ({ file, start, end }) => file === position.file && start <= position.offset && position.offset <= end,
    )
    if (holder !== undefined) {
      return gtid === undefined || holder.gtidBefore === undefined || stateCovers(gtid, holder.gtidBefore)
    }
  }
  const after = run.segments.at(-1)?.gtidAfter
  if (gtid === undefined || first?.gtidBefore === undefined || after === undefined) return false
  return stateCovers(gtid, first.gtidBefore) && stateCovers(after, gtid)
}

/** The last moment of which the run is known to hold every commit; undefined when it holds none and knows of none. */
export function coveredUntilMicros(run: HistoryRun): number | undefined {
  let latest: number | undefined
  for (const { coveredUntilMicros, maxTimeMicros } of run.segments) {
    for (const micros of [coveredUntilMicros, maxTimeMicros]) {
      if (micros !== undefined && (latest === undefined || micros > latest)) latest = micros
    }
  }
  return latest
}

function isAtEnd({ timeline, after }: HistoryGap, run: HistoryRun): boolean {
  const last = run.segments.at(-1)
  return timeline === run.timeline && last?.file === after.file && last.end === after.offset
}

function endOfRun(run: HistoryRun, newest: RecoveryPoint): RecoveryPoint {
  const last = run.segments.at(-1)!
  const gtid = last.gtidAfter ?? newest.gtid
  return {
    position: { file: last.file, offset: last.end },
    ...(gtid === undefined ? {} : { gtid }),
    timeMicros: Math.max(newest.timeMicros, coveredUntilMicros(run) ?? newest.timeMicros),
  }
}
