// Says why no plan reaches a point: before the window, behind it, beyond a gap, or nowhere.
import { HoldfastError } from '../core/errors.ts'
import type { HistoryGap, HistoryRun } from '../core/history.ts'
import type { HistoryPath } from '../core/history-paths.ts'
import { describePoint } from '../core/point-text.ts'
import { recoveryWindows } from '../core/recovery-window.ts'
import {
  type Asking,
  findGtid,
  ordinal,
  placeOfPosition,
  placeWhereCovered,
  runEnd,
  runStart,
} from '../core/run-history.ts'
import type { Stop } from './find-stop.ts'
import type { RestorePlanInput } from './plan-restore.ts'
import type { BaseBackup } from './restore-plan.ts'

/** What became of one backup as a starting point; never `at`. */
export interface Attempt {
  readonly backup: BaseBackup
  readonly path: HistoryPath | undefined
  readonly refusals: ReadonlyMap<HistoryRun, string>
  readonly stop: Exclude<Stop, { kind: 'at' }>
}

/** The error that fits best what was tried. */
export function* explainUnreachable(
  input: RestorePlanInput,
  attempts: readonly Attempt[],
  runs: readonly HistoryRun[],
  gaps: readonly HistoryGap[],
): Asking<HoldfastError> {
  const { source, point } = input
  const window = yield* describeWindows(input)
  const beyond = attempts.find(({ stop }) => stop.kind === 'beyond-end')
  if (beyond === undefined) {
    return new HoldfastError(
      'POINT_OUTSIDE_WINDOW',
      `${point.text} lies before the oldest point that can be restored of ${source}: ${window}`,
      { source, point: point.text },
    )
  }
  const tried = new Set(
    attempts.flatMap(({ backup, path }) => (backup === beyond.backup ? runsOf(path) : [])),
  )
  for (const run of runs) {
    if (tried.has(run) || !(yield* lies(input, run, beyond))) continue
    return gapError(input, beyond, run, gaps, window)
  }
  const missing = beyond.stop.kind === 'beyond-end' ? beyond.stop.missing : undefined
  if (missing !== undefined) {
    return new HoldfastError(
      'POINT_NOT_FOUND',
      `${missing} is in no backup and no archived binary log of ${source}: ${window}`,
      { source, point: point.text, missing },
    )
  }
  return new HoldfastError(
    'POINT_OUTSIDE_WINDOW',
    `${point.text} lies behind the last point that can be restored of ${source}: ${window}`,
    { source, point: point.text },
    { hint: `To restore everything there is: --to latest. See also: holdfast list ${source}` },
  )
}

/** True when another run, which the backup does not join, holds the point. */
function* lies({ point }: RestorePlanInput, run: HistoryRun, { backup, path }: Attempt): Asking<boolean> {
  switch (point.kind) {
    case 'backup':
      return false
    case 'latest':
      return isNewer(run, backup, path)
    case 'time':
      return (lastTime(run) ?? -Infinity) >= backup.point.timeMicros
    case 'gtid': {
      const place = yield* placeWhereCovered(run, { flavour: point.flavour, text: point.gtid })
      return place === 'before-run' || !('missing' in place)
    }
    case 'before-gtid':
      return (yield* findGtid(run, runStart(run), point.gtid)) !== undefined
    case 'position':
      break
  }
  return (yield* placeOfPosition(run, point.position)) !== undefined
}

/** True when `run` tells of later transactions than the backup and the path on from it. */
export function isNewer(run: HistoryRun, backup: BaseBackup, path: HistoryPath | undefined): boolean {
  if (run === path?.run) return false
  const first = run.segments[0]!
  const own = path?.run.segments[0]
  if (own?.timeline === first.timeline) return first.seq > own.seq
  const span = path?.earlier.find((each) => each.run === run)
  if (span !== undefined && ordinal(run, span.until) === ordinal(run, runEnd(run))) return false
  const reached = runsOf(path).map((each) => (each === run ? -Infinity : (lastTime(each) ?? -Infinity)))
  return (lastTime(run) ?? -Infinity) > Math.max(...reached, backup.point.timeMicros)
}

function runsOf(path: HistoryPath | undefined): readonly HistoryRun[] {
  return path === undefined ? [] : [...path.earlier.map(({ run }) => run), path.run]
}

function lastTime(run: HistoryRun): number | undefined {
  return run.segments.findLast(({ maxTimeMicros }) => maxTimeMicros !== undefined)?.maxTimeMicros
}

function gapError(
  { source, point }: RestorePlanInput,
  { backup, path, refusals }: Attempt,
  run: HistoryRun,
  gaps: readonly HistoryGap[],
  window: string,
): HoldfastError {
  const first = run.segments[0]!
  const start = `${first.file}:${first.start}`
  const last = path?.run.segments.at(-1)
  const gap = gaps.find(
    ({ timeline, after }) =>
      timeline === last?.timeline && after.file === last.file && after.offset === last.end,
  )
  const end = last === undefined ? describePoint(backup.point) : `${last.file}:${last.end}`
  const why =
    gap?.reason ??
    (last === undefined
      ? `nothing is archived between backup ${backup.id} and ${start}`
      : `timeline ${run.timeline} at ${start} does not continue timeline ${last.timeline}${because(refusals.get(run))}`)
  return new HoldfastError(
    'ARCHIVE_GAP',
    `${point.text} lies behind a gap in the archive of ${source}: nothing is known between ${end} and ${gap === undefined ? start : `${gap.before.file}:${gap.before.offset}`} (${why}); ${window}`,
    { source, point: point.text, end, start },
    last === undefined
      ? {}
      : {
          hint: `The last point before the gap is --to pos:${end}; a new backup starts a new recovery window.`,
        },
  )
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`
}

/** `it can be restored to any moment from A to B; …` */
function* describeWindows({ backups, segments, source }: RestorePlanInput): Asking<string> {
  const sure = backups.map((backup) => ({ ...backup, point: backup.upTo ?? backup.point }))
  const { windows } = yield* recoveryWindows(sure, segments)
  const texts = windows.map(({ from, to, timeline }) =>
    timeline === undefined
      ? `${describePoint(from)} only`
      : `any moment from ${describePoint(from)} to ${describePoint(to)}`,
  )
  return texts.length === 0 ? `${source} has no backup` : `reachable is ${texts.join('; ')}`
}
