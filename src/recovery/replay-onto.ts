// Replays a plan onto a server that has its base already: one on restored files, which knows itself what it has.
import type { Archive } from '../archive/archive.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { stateCovers, statesEqual } from '../core/gtid-state.ts'
import { describePoint } from '../core/point-text.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { HeldGlobals } from '../instance/held-globals.ts'
import type { TableName } from '../instance/instance-facts.ts'
import { Connection } from '../wire/connection.ts'
import { type ApplyReport, applyTransactions } from './apply/apply-transactions.ts'
import { inspectTarget, type ReplayTarget } from './apply/replay-target.ts'
import { pendingTransactions } from './pending-transactions.ts'
import { readLegs } from './read-legs.ts'
import { readReplayedTables } from './read-replayed-tables.ts'
import { replayGlobals } from './replay-globals.ts'
import type { ReplayPlan, RestorePlan } from './restore-plan.ts'
import { takeOver } from './take-over.ts'
import { type ReplayedTables, transactionsOfTables } from './transactions-of-tables.ts'

export interface ReplayOntoOptions {
  readonly settings: ConnectionSettings
  readonly archive: Pick<Archive, 'readTransactions'>
  /** Only these are replayed: the server has no others, and is of no use for anything else. */
  readonly only?: readonly TableName[] | undefined
  readonly emit: EmitEvent
  readonly signal?: AbortSignal | undefined
}

export interface RecoveredReplay {
  /** What the server had of itself. */
  readonly recovered: RecoveryPoint
  readonly replayed?: ApplyReport
  /** What it has now. */
  readonly end: RecoveryPoint
}

/** Throws REPLAY_FAILED, LOAD_MISMATCH when it does not end where the plan ends, and what reading throws. */
export async function replayOnto(plan: RestorePlan, options: ReplayOntoOptions): Promise<RecoveredReplay> {
  const { settings, only, emit, signal } = options
  await using control = await Connection.open(settings, { signal })
  await using connection = await Connection.open(settings, { signal })
  const recovered = await takeOver(control, plan.base.point, { signal })
  if (plan.replay === undefined) return { recovered, end: { ...plan.end, ...gtidOf(recovered) } }
  const target = await inspectTarget(control, { signal })
  await using held = new AsyncDisposableStack()
  held.use(await HeldGlobals.hold(control, replayGlobals(target), { settings, emit, signal }))
  emit({ type: 'phase', phase: 'replaying binary logs', detail: `to ${describePoint(plan.end)}` })
  const tables = only === undefined ? undefined : await readReplayedTables(control, only, signal)
  const replayed = await replay(plan, plan.replay, connection, target, { ...options, tables })
  // Transactions of other tables are not among what it has executed.
  if (only !== undefined) return { recovered, replayed, end: plan.end }
  const reached = await target.settle(plan.end, { signal })
  // The archive may end before what the backup has.
  const isPast =
    plan.wanted.kind === 'latest' && plan.base.upTo !== undefined && covers(reached, plan.end.gtid)
  if (isPast) return { recovered, replayed, end: { ...plan.end, gtid: reached } }
  checkEnd(plan, reached)
  return { recovered, replayed, end: plan.end }
}

function covers(
  reached: RecoveryPoint['gtid'],
  end: RecoveryPoint['gtid'],
): reached is NonNullable<RecoveryPoint['gtid']> {
  return reached !== undefined && end !== undefined && stateCovers(reached, end)
}

/**
 * The server itself says what it has: what lay in a backup's bounds may be there or not, and a recovered set may have holes. Where it is
 * as the backup says, the plan has thought of that.
 */
function replay(
  { base }: RestorePlan,
  plan: ReplayPlan,
  connection: Connection,
  { dialect, executed }: ReplayTarget,
  { archive, tables, emit, signal }: ReplayOntoOptions & { readonly tables: ReplayedTables | undefined },
): Promise<ApplyReport> {
  const { skip } = plan
  const isAsPlanned =
    executed === undefined || (base.point.gtid !== undefined && statesEqual(executed, base.point.gtid))
  const alreadyInBase = isAsPlanned ? plan.alreadyInBase : { state: executed, transactions: 0 }
  const pending = pendingTransactions(readLegs(archive, plan, signal), {
    skip,
    ...(alreadyInBase === undefined ? {} : { alreadyInBase }),
  })
  return applyTransactions({
    connection,
    dialect,
    ...(tables === undefined
      ? { transactions: pending, expected: plan.transactions }
      : { transactions: transactionsOfTables(pending, tables) }),
    emit,
    signal,
  })
}

/** Its own binary log has a place of its own. */
function gtidOf({ gtid }: RecoveryPoint): Pick<RecoveryPoint, 'gtid'> {
  return gtid === undefined ? {} : { gtid }
}

function checkEnd({ end }: RestorePlan, reached: RecoveryPoint['gtid']): void {
  if (end.gtid === undefined || reached === undefined || statesEqual(reached, end.gtid)) return
  throw new HoldfastError(
    'LOAD_MISMATCH',
    `the restored server stands at GTID ${reached.text || '(none)'} instead of ${end.gtid.text || '(none)'}`,
    { expected: end.gtid.text, found: reached.text },
  )
}
