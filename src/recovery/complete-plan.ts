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
import type { RunSpan } from '../core/history-paths.ts'
import type { GtidState, RecoveryPoint } from '../core/recovery-point.ts'
import {
  type Asking,
  type FoundTransaction,
  findGtid,
  gtidsOf,
  neighbours,
  ordinal,
  stateAt,
} from '../core/run-history.ts'
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

/** One or more, the last one up to the wanted point. */
type Spans = readonly RunSpan[]

/** The plan for `base`, with a replay when there are spans. Throws POINT_NOT_FOUND and BINLOG_INCIDENT. */
export function* completePlan(input: RestorePlanInput, base: BaseBackup, spans?: Spans): Asking<RestorePlan> {
  const { source, point, skipGtids = [] } = input
  const [skipped] = skipGtids
  if (spans === undefined && skipped !== undefined) {
    throw skipNotFound(skipped, `nothing is replayed behind backup ${base.id}`)
  }
  for (const span of spans ?? []) refuseIncident(span, source)
  const replay = spans === undefined ? undefined : yield* describeReplay(input, base, spans)
  const end = spans === undefined || replay === undefined ? base.point : yield* endPoint(base, spans, replay)
  const warnings = spans === undefined ? archiveWarnings(input, base) : yield* replayWarnings(input, spans)
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
  spans: Spans,
): Asking<ReplayPlan> {
  const skip: SkippedTransaction[] = []
  for (const gtid of new Set(skipGtids)) skip.push(yield* findSkipped(gtid, base, spans))
  const [first, final] = [spans[0]!, spans.at(-1)!]
  // A timeline goes on from another where all that the base has is behind.
  const alreadyInBase = yield* countAlreadyInBase(base, first)
  const { next } = yield* neighbours(final.run, final.until)
  const last = yield* lastOf(spans)
  const segments = spans.flatMap(plannedSegments)
  const covered = spans.reduce(
    (sum, { run, from, until }) => sum + ordinal(run, until) - ordinal(run, from),
    0,
  )
  return {
    legs: spans.map(({ run: { timeline }, from, until }) => ({
      timeline,
      from: from.position,
      until: until.position,
    })),
    ...(last === undefined ? {} : { last: plannedTransaction(last) }),
    ...(next === undefined ? {} : { next: plannedTransaction(next) }),
    segments,
    skip,
    ...(alreadyInBase === undefined ? {} : { alreadyInBase }),
    transactions: covered - skip.length - (alreadyInBase?.transactions ?? 0),
    bytes: segments.reduce((sum, { start, end }) => sum + end - start, 0),
  }
}

function* lastOf(spans: Spans): Asking<FoundTransaction | undefined> {
  for (const { run, from, until } of spans.toReversed()) {
    const { previous } = yield* neighbours(run, until)
    if (previous !== undefined && ordinal(run, previous.before) >= ordinal(run, from)) return previous
  }
  return undefined
}

/** A transaction may start in one segment and end in the next, so the stop may lie before the last segment's start. */
function plannedSegments({ run, from, until }: RunSpan): PlannedSegment[] {
  return run.segments
    .slice(from.segment, until.segment + 1)
    .map((segment, index) => ({
      timeline: run.timeline,
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

function* findSkipped(gtid: string, base: BaseBackup, spans: Spans): Asking<SkippedTransaction> {
  let isBehind = false
  for (const { run, from, until } of spans) {
    const found = yield* findGtid(run, from, gtid)
    if (found === undefined) continue
    if (ordinal(run, found.after) <= ordinal(run, until)) return { ...plannedTransaction(found), gtid }
    isBehind = true
  }
  if (isBehind) throw skipNotFound(gtid, 'it comes after the wanted point, so it is left out anyway')
  const isInBase = base.point.gtid !== undefined && containsTest(base.point.gtid)(gtid)
  throw skipNotFound(
    gtid,
    isInBase ? `backup ${base.id} already contains it` : 'no transaction that is replayed has this GTID',
  )
}

function skipNotFound(gtid: string, why: string): HoldfastError {
  return new HoldfastError('POINT_NOT_FOUND', `cannot skip transaction ${gtid}: ${why}`, { gtid })
}

/** Transactions behind `from` that the base has: a physical backup may be ahead of its position, with holes. */
function* countAlreadyInBase(
  base: BaseBackup,
  { run, from, until }: RunSpan,
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

function* endPoint(base: BaseBackup, spans: Spans, replay: ReplayPlan): Asking<RecoveryPoint> {
  const timeMicros = Math.max(replay.last?.timeMicros ?? base.point.timeMicros, base.point.timeMicros)
  const gtid = yield* endState(base, spans, replay)
  return { position: spans.at(-1)!.until.position, ...(gtid === undefined ? {} : { gtid }), timeMicros }
}

/** The base's state and everything replayed. */
function* endState(base: BaseBackup, spans: Spans, replay: ReplayPlan): Asking<GtidState | undefined> {
  const start = base.point.gtid
  const { run, until } = spans.at(-1)!
  const reached = yield* stateAt(run, until)
  if (start === undefined && reached === undefined) return undefined
  let state = start ?? emptyState(base.origin.flavour)
  for (const span of spans) state = yield* stateBehind(state, span)
  return stateWithout(
    state,
    replay.skip.map(({ gtid }) => gtid),
  )
}

/** Gathered from the segments' ends, and one by one only in the first and last. */
function* stateBehind(before: GtidState, { run, from, until }: RunSpan): Asking<GtidState> {
  let state = before
  for (let number = from.segment; number <= until.segment; number++) {
    const segment = run.segments[number]!
    const { gtidBefore, gtidAfter } = segment
    const isWhole = number > from.segment && number < until.segment
    if (isWhole && gtidBefore !== undefined && gtidAfter !== undefined) {
      const isMariadb = before.flavour === 'mariadb'
      const added = isMariadb ? gtidAfter : stateWithout(gtidAfter, [gtidBefore.text].filter(Boolean))
      state = joinStates(state, added)
    } else {
      const within = (yield segment).slice(
        number === from.segment ? from.index : 0,
        number === until.segment ? until.index : undefined,
      )
      state = stateAfter(state, gtidsOf(within))
    }
  }
  return state
}

function refuseIncident({ run, from, until }: RunSpan, source: string): void {
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

function* replayWarnings({ point, segments }: RestorePlanInput, spans: Spans): Asking<string[]> {
  const warnings: string[] = []
  const statements = spans
    .flatMap(({ run, from, until }) => run.segments.slice(from.segment, until.segment + 1))
    .reduce((sum, segment) => sum + (segment.statementTransactions ?? 0), 0)
  const { run, until } = spans.at(-1)!
  if (statements > 0) {
    warnings.push(
      `${counted(statements, 'transaction')} ${statements === 1 ? 'was' : 'were'} logged as statements, not rows: functions such as UUID() or NOW() and statements ` +
        'without ORDER BY may give other rows than on the source',
    )
  }
  if (point.kind === 'position') {
    const others = new Set(
      segments.flatMap((each) =>
        each.file === point.position.file && each.timeline !== run.timeline ? each.timeline : [],
      ),
    )
    if (others.size > 0) {
      warnings.push(
        `${point.position.file} is a file of timeline ${[...others].join(' and of ')} as well; what is restored is the place in that of timeline ${run.timeline}`,
      )
    }
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
