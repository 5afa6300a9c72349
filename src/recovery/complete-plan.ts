// Fills in a plan whose base and stop are settled: what is replayed, what is left out, what comes out of it.
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import {
  containsTest,
  joinStates,
  missingFrom,
  stateAfter,
  stateCovers,
  stateWithout,
} from '../core/gtid-state.ts'
import type { HistoryRun } from '../core/history.ts'
import type { GtidState, RecoveryPoint } from '../core/recovery-point.ts'
import { estimateRestore } from './estimate.ts'
import type { RestorePlanInput } from './plan-restore.ts'
import { describeSteps } from './plan-steps.ts'
import {
  type BaseBackup,
  emptyState,
  type PlannedSegment,
  type PlannedTransaction,
  type ReplayPlan,
  type RestorePlan,
  type SkippedTransaction,
} from './restore-plan.ts'
import {
  type Asking,
  type FoundTransaction,
  findGtid,
  gtidsOf,
  neighbours,
  ordinal,
  type Place,
  stateAt,
} from './run-history.ts'

export interface Span {
  readonly run: HistoryRun
  readonly from: Place
  readonly until: Place
}

/** The plan for `base`, with a replay when there is a span. Throws POINT_NOT_FOUND and BINLOG_INCIDENT. */
export function* completePlan(input: RestorePlanInput, base: BaseBackup, span?: Span): Asking<RestorePlan> {
  const { source, point, skipGtids = [] } = input
  const [skipped] = skipGtids
  if (span === undefined && skipped !== undefined) {
    throw skipNotFound(skipped, `nothing is replayed behind backup ${base.id}`)
  }
  if (span !== undefined) refuseIncident(span, source)
  const replay = span === undefined ? undefined : yield* describeReplay(input, base, span)
  const end = span === undefined || replay === undefined ? base.point : yield* endPoint(base, span, replay)
  const warnings = span === undefined ? archiveWarnings(input, base) : yield* replayWarnings(input, span)
  const facts = {
    source,
    flavour: base.origin.flavour,
    wanted: point,
    base: trimmed(base),
    ...(replay === undefined ? {} : { replay }),
    end,
    estimate: estimateRestore(base.sizes.plainBytes, replay?.bytes ?? 0),
    warnings,
  }
  return { ...facts, steps: describeSteps(facts) }
}

/** A backup's summary may carry much more than a plan has to say. */
function trimmed({ id, kind, method, origin, point, upTo, sizes, isPartial }: BaseBackup): BaseBackup {
  const { flavour, serverVersion } = origin
  return {
    id,
    kind,
    method,
    origin: { flavour, serverVersion },
    point,
    ...(upTo === undefined ? {} : { upTo }),
    sizes: { plainBytes: sizes.plainBytes },
    ...(isPartial === true ? { isPartial } : {}),
  }
}

function* describeReplay(
  { skipGtids = [] }: RestorePlanInput,
  base: BaseBackup,
  span: Span,
): Asking<ReplayPlan> {
  const { run, from, until } = span
  const skip: SkippedTransaction[] = []
  for (const gtid of new Set(skipGtids)) skip.push(yield* findSkipped(gtid, base, span))
  const alreadyInBase = yield* countAlreadyInBase(base, span)
  const { previous, next } = yield* neighbours(run, until)
  const hasLast = previous !== undefined && ordinal(run, previous.before) >= ordinal(run, from)
  const segments = plannedSegments(span)
  const covered = ordinal(run, until) - ordinal(run, from)
  return {
    timeline: run.timeline,
    from: from.position,
    until: until.position,
    ...(hasLast ? { last: plannedTransaction(previous) } : {}),
    ...(next === undefined ? {} : { next: plannedTransaction(next) }),
    segments,
    skip,
    ...(alreadyInBase === undefined ? {} : { alreadyInBase }),
    transactions: covered - skip.length - (alreadyInBase?.transactions ?? 0),
    bytes: segments.reduce((sum, { start, end }) => sum + end - start, 0),
  }
}

/** A transaction may start in one segment and end in the next, so the stop may lie before the last segment's start. */
function plannedSegments({ run, from, until }: Span): PlannedSegment[] {
  return run.segments
    .slice(from.segment, until.segment + 1)
    .map((segment, index) => ({
      seq: segment.seq,
      file: segment.file,
      start: index === 0 ? from.position.offset : segment.start,
      end: segment.file === until.position.file ? Math.min(segment.end, until.position.offset) : segment.end,
    }))
    .filter(({ start, end }) => start < end)
}

function plannedTransaction({ segment, transaction }: FoundTransaction): PlannedTransaction {
  const { start, end, gtid, timeMicros } = transaction
  return { file: segment.file, start, end, ...(gtid === undefined ? {} : { gtid }), timeMicros }
}

function* findSkipped(
  gtid: string,
  base: BaseBackup,
  { run, from, until }: Span,
): Asking<SkippedTransaction> {
  const found = yield* findGtid(run, from, gtid)
  if (found === undefined) {
    const isInBase = base.point.gtid !== undefined && containsTest(base.point.gtid)(gtid)
    throw skipNotFound(
      gtid,
      isInBase ? `backup ${base.id} already contains it` : 'no transaction that is replayed has this GTID',
    )
  }
  if (ordinal(run, found.after) > ordinal(run, until)) {
    throw skipNotFound(gtid, 'it comes after the wanted point, so it is left out anyway')
  }
  return { ...plannedTransaction(found), gtid }
}

function skipNotFound(gtid: string, why: string): HoldfastError {
  return new HoldfastError('POINT_NOT_FOUND', `cannot skip transaction ${gtid}: ${why}`, { gtid })
}

/** Transactions behind `from` that the base has: a physical backup may be ahead of its position, with holes. */
function* countAlreadyInBase(
  base: BaseBackup,
  { run, from, until }: Span,
): Asking<ReplayPlan['alreadyInBase']> {
  const state = base.point.gtid
  const reached = yield* stateAt(run, from)
  if (state === undefined || reached === undefined || missingFrom(reached, state) === '') return undefined
  const isInBase = containsTest(state)
  let transactions = 0
  for (let number = from.segment; number <= until.segment; number++) {
    const segment = run.segments[number]!
    if (segment.gtidBefore !== undefined && stateCovers(segment.gtidBefore, state)) break
    const within = (yield segment).slice(
      number === from.segment ? from.index : 0,
      number === until.segment ? until.index : undefined,
    )
    transactions += gtidsOf(within).filter(isInBase).length
  }
  return transactions === 0 ? undefined : { state, transactions }
}

function* endPoint(base: BaseBackup, { run, from, until }: Span, replay: ReplayPlan): Asking<RecoveryPoint> {
  const timeMicros = Math.max(replay.last?.timeMicros ?? base.point.timeMicros, base.point.timeMicros)
  const gtid = yield* endState(base, { run, from, until }, replay)
  return { position: until.position, ...(gtid === undefined ? {} : { gtid }), timeMicros }
}

/** The base's state and everything replayed: gathered from the segments' ends, and one by one only in the first and last. */
function* endState(
  base: BaseBackup,
  { run, from, until }: Span,
  replay: ReplayPlan,
): Asking<GtidState | undefined> {
  const { flavour } = base.origin
  const start = base.point.gtid
  const reached = yield* stateAt(run, until)
  if (start === undefined && reached === undefined) return undefined
  let state = start ?? emptyState(flavour)
  for (let number = from.segment; number <= until.segment; number++) {
    const segment = run.segments[number]!
    const isWhole = number > from.segment && number < until.segment
    if (
      isWhole &&
      segment.gtidBefore !== undefined &&
      segment.gtidAfter !== undefined &&
      flavour === 'mariadb'
    ) {
      state = joinStates(state, segment.gtidAfter)
    } else if (isWhole && segment.gtidBefore !== undefined && segment.gtidAfter !== undefined) {
      state = joinStates(state, stateWithout(segment.gtidAfter, [segment.gtidBefore.text].filter(Boolean)))
    } else {
      const within = (yield segment).slice(
        number === from.segment ? from.index : 0,
        number === until.segment ? until.index : undefined,
      )
      state = stateAfter(state, gtidsOf(within))
    }
  }
  return stateWithout(
    state,
    replay.skip.map(({ gtid }) => gtid),
  )
}

function refuseIncident({ run, from, until }: Span, source: string): void {
  for (let number = from.segment; number <= until.segment; number++) {
    const { file, incidentAt } = run.segments[number]!
    if (incidentAt === undefined) continue
    const isBefore = number === from.segment && incidentAt < from.position.offset
    const isBehind = number === until.segment && incidentAt >= until.position.offset
    if (isBefore || isBehind) continue
    throw new HoldfastError(
      'BINLOG_INCIDENT',
      `${source} wrote at ${file}:${incidentAt} that it lost events itself; replay cannot go past it`,
      { source, file, offset: incidentAt },
      {
        hint: `The last point that can be reached from there is --to pos:${file}:${incidentAt}; take a new backup.`,
      },
    )
  }
}

function archiveWarnings({ point, segments, source }: RestorePlanInput, base: BaseBackup): string[] {
  if (point.kind !== 'latest') return []
  return [
    segments.length === 0
      ? `${source} has no archived binary logs: what happened after backup ${base.id} is not restored`
      : `the archive of ${source} does not go on from backup ${base.id}: what happened after it is not restored`,
  ]
}

function* replayWarnings({ point }: RestorePlanInput, { run, from, until }: Span): Asking<string[]> {
  const warnings: string[] = []
  const statements = run.segments
    .slice(from.segment, until.segment + 1)
    .reduce((sum, segment) => sum + (segment.statementTransactions ?? 0), 0)
  if (statements > 0) {
    warnings.push(
      `${counted(statements, 'transaction')} ${statements === 1 ? 'was' : 'were'} logged as statements, not rows: functions such as UUID() or NOW() and statements ` +
        'without ORDER BY may give other rows than on the source',
    )
  }
  if (point.kind === 'time') {
    const segment = run.segments[until.segment]!
    const later = segment.transactionCount === until.index ? [] : (yield segment).slice(until.index)
    const earlier = later.filter(({ timeMicros }) => timeMicros <= point.timeMicros).length
    if (earlier > 0) {
      warnings.push(
        `${counted(earlier, 'transaction')} after ${segment.file}:${until.position.offset} ${earlier === 1 ? 'is' : 'are'} not restored ` +
          'although of an earlier time than the wanted one, because a later one comes first in the log',
      )
    }
  }
  return warnings
}
