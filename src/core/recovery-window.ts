// Which moments of an instance can be reached: backups times archived history, with every gap named.
import { type HistoryGap, type HistoryRun, type HistorySegment, historyRuns } from './history.ts'
import { type HistoryPath, historyPaths } from './history-paths.ts'
import type { BinlogPosition, RecoveryPoint } from './recovery-point.ts'
import type { Asking } from './run-history.ts'

/** Every commit from `from` to `to` can be reached, starting from one of `backups` (oldest first). */
export interface RecoveryWindow {
  readonly backups: readonly string[]
  readonly from: RecoveryPoint
  readonly to: RecoveryPoint
  /** Absent for a backup of a part, or one that no archived history goes on from: only its own point can be reached. */
  readonly timeline?: string
  /** Older timelines that lead to `timeline`, oldest first, each up to the place where the next one goes on. */
  readonly through?: readonly { readonly timeline: string; readonly until: BinlogPosition }[]
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

/** A pure function of what the repository lists, which asks for the transactions of those segments it has to look into. */
export function* recoveryWindows(
  backups: readonly BackupOfWindow[],
  segments: readonly HistorySegment[],
): Asking<RecoveryWindows> {
  const { runs, gaps } = historyRuns(segments)
  const alone: BackupOfWindow[] = []
  const groups = new Map<string, WindowOfBackups>()
  for (const backup of backups.toSorted((a, b) => a.point.timeMicros - b.point.timeMicros)) {
    const [path] = backup.isPartial === true ? [] : (yield* historyPaths(backup, runs)).paths
    if (path === undefined) {
      alone.push(backup)
      continue
    }
    const key = [...path.earlier.map(({ run }) => run), path.run].map((run) => runs.indexOf(run)).join('/')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { path, oldest: backup, newest: backup, ids: [backup.id] })
    else groups.set(key, { ...group, newest: backup, ids: [...group.ids, backup.id] })
  }
  const windows = [
    ...alone.map(({ id, point }) => ({ backups: [id], from: point, to: point })),
    ...[...groups.values()].map((group) => windowOf(group, gaps)),
  ]
  return { windows: windows.toSorted((a, b) => a.from.timeMicros - b.from.timeMicros), gaps }
}

/** Backups that one way leads on from. */
interface WindowOfBackups {
  readonly path: HistoryPath
  readonly oldest: BackupOfWindow
  readonly newest: BackupOfWindow
  readonly ids: readonly string[]
}

function windowOf(
  { path, oldest, newest, ids }: WindowOfBackups,
  gaps: readonly HistoryGap[],
): RecoveryWindow {
  const { run, earlier } = path
  const endedBy = gaps.find((gap) => isAtEnd(gap, run))
  return {
    backups: ids,
    from: oldest.point,
    to: endOfRun(run, newest.point),
    timeline: run.timeline,
    ...(earlier.length === 0
      ? {}
      : {
          through: earlier.map(({ run: { timeline }, until: { position } }) => ({
            timeline,
            until: position,
          })),
        }),
    ...(endedBy === undefined ? {} : { endedBy }),
  }
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

/** The end of what is archived there; `newest` for what it does not know. */
export function endOfRun(run: HistoryRun, newest: RecoveryPoint): RecoveryPoint {
  const last = run.segments.at(-1)!
  const gtid = last.gtidAfter ?? newest.gtid
  return {
    position: { file: last.file, offset: last.end },
    ...(gtid === undefined ? {} : { gtid }),
    timeMicros: Math.max(newest.timeMicros, coveredUntilMicros(run) ?? newest.timeMicros),
  }
}
