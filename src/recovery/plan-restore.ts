// Plans a restore: from backups, archived history and a wanted point to exactly what has to be loaded and replayed.

import { HoldfastError } from '../core/errors.ts'
import { type HistorySegment, type HistoryTransaction, historyRuns } from '../core/history.ts'
import { type HistoryPath, historyPaths, type RunSpan } from '../core/history-paths.ts'
import { gtidFlavour, type RestorePoint } from '../core/restore-point.ts'
import type { Asking, Place } from '../core/run-history.ts'
import { completePlan } from './complete-plan.ts'
import { findStop, type Stop } from './find-stop.ts'
import type { BaseBackup, RestorePlan } from './restore-plan.ts'
import { type Attempt, explainUnreachable, isNewer } from './unreachable.ts'

export interface RestorePlanInput {
  readonly source: string
  /** In any order. */
  readonly backups: readonly BaseBackup[]
  readonly segments: readonly HistorySegment[]
  readonly point: RestorePoint
  /** Start from this backup, and from no other. */
  readonly backupId?: string
  readonly skipGtids?: readonly string[]
}

/**
 * A pure function of its input that asks for the transactions of those segments it has to look into.
 *
 * Throws POINT_OUTSIDE_WINDOW, POINT_NOT_FOUND, ARCHIVE_GAP, BINLOG_INCIDENT, UNSUPPORTED (a partial backup as base of a replay)
 * or USAGE, each with names and places.
 */
export function* planRestore(input: RestorePlanInput): Asking<RestorePlan> {
  const backups = candidates(input)
  const newest = backups[0]!
  checkFlavour(input, newest)
  if (input.point.kind === 'backup') return yield* completePlan(input, newest)
  refusePartial(newest)
  const { runs, gaps } = historyRuns(input.segments)
  const attempts: Attempt[] = []
  search: for (const backup of backups) {
    const { paths, refusals } = yield* historyPaths(backup, runs)
    for (const path of paths.length === 0 ? [undefined] : paths) {
      const isBehind = input.point.kind === 'latest' && runs.some((run) => isNewer(run, backup, path))
      const stop: Stop = isBehind ? { kind: 'beyond-end' } : yield* findStop(input.point, backup, path)
      if (stop.kind === 'at') {
        return yield* completePlan(input, backup, path === undefined ? undefined : spansOf(path, stop.place))
      }
      attempts.push({ backup, path, refusals, stop })
      // What is older has no fewer gaps before a moment; but a GTID or a file may belong to an older timeline.
      const isMoment = input.point.kind === 'time' || input.point.kind === 'latest'
      if (isMoment && stop.kind === 'beyond-end' && path !== undefined) break search
    }
  }
  throw yield* explainUnreachable(input, attempts, runs, gaps)
}

function spansOf({ earlier, run, from }: HistoryPath, until: Place): readonly RunSpan[] {
  return [...earlier, { run, from, until }]
}

/** Answers the planner from an archive, keeping the few segments it looks into in memory while it plans. */
export async function planFromArchive(
  planning: Asking<RestorePlan>,
  transactionsOf: (segment: HistorySegment) => Promise<readonly HistoryTransaction[]>,
): Promise<RestorePlan> {
  const read = new Map<HistorySegment, readonly HistoryTransaction[]>()
  let step = planning.next()
  while (step.done !== true) {
    const transactions = read.get(step.value) ?? (await transactionsOf(step.value))
    read.set(step.value, transactions)
    step = planning.next(transactions)
  }
  return step.value
}

/** The log tells the history of the whole instance: behind a part of it, its statements would fail or, worse, half work. */
function refusePartial({ id, isPartial }: BaseBackup): void {
  if (isPartial !== true) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `backup ${id} holds only a part of the instance, so binary logs cannot be replayed behind it`,
    { backup: id },
    { hint: 'Restore it as it is with --to backup, or take a backup of everything.' },
  )
}

/** Newest first: those of the whole instance, unless there are none or one was named. */
function candidates(input: RestorePlanInput): readonly BaseBackup[] {
  const { source, backups, backupId } = input
  if (backups.length === 0) {
    throw new HoldfastError(
      'POINT_OUTSIDE_WINDOW',
      `${source} has no backup to start from`,
      { source },
      {
        hint: `Take one with: holdfast backup mysql://user@host/ --name ${source}`,
      },
    )
  }
  const sorted = backups.toSorted(newestFirst)
  const whole = sorted.filter(({ isPartial }) => isPartial !== true)
  if (backupId === undefined) return whole.length === 0 ? sorted : whole
  const chosen = sorted.filter(({ id }) => id === backupId)
  if (chosen.length === 0) {
    throw new HoldfastError(
      'USAGE',
      `${source} has no backup ${backupId}`,
      { source, backup: backupId },
      {
        hint: `See its backups with: holdfast list ${source}`,
      },
    )
  }
  return chosen
}

/** Some points are known to the second only, so backups of one second are told apart by position. */
function newestFirst({ point: a }: BaseBackup, { point: b }: BaseBackup): number {
  if (a.timeMicros !== b.timeMicros) return b.timeMicros - a.timeMicros
  const [fileA = '', fileB = ''] = [a.position?.file, b.position?.file]
  if (fileA !== fileB) return fileA < fileB ? 1 : -1
  return (b.position?.offset ?? 0) - (a.position?.offset ?? 0)
}

function checkFlavour({ source, point, skipGtids = [] }: RestorePlanInput, { origin }: BaseBackup): void {
  const wanted = point.kind === 'gtid' || point.kind === 'before-gtid' ? [point.flavour] : []
  for (const flavour of [...wanted, ...skipGtids.map((gtid) => gtidFlavour(gtid))]) {
    if (flavour === undefined) {
      throw new HoldfastError('USAGE', `--skip-gtid takes single GTIDs, not '${skipGtids.join(' ')}'`)
    }
    if (flavour !== origin.flavour) {
      throw new HoldfastError(
        'USAGE',
        `${source} is a ${origin.flavour} server, and that is a GTID of ${flavour}`,
      )
    }
  }
}
