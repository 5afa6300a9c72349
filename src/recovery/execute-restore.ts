// Carries out a plan: loads the base, sets the GTID state, replays to the exact point, and checks that it got there.
import type { Archive } from '../archive/archive.ts'
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { statesEqual } from '../core/gtid-state.ts'
import { describePoint } from '../core/point-text.ts'
import type { GtidState, RecoveryPoint } from '../core/recovery-point.ts'
import { setGtidState } from '../instance/current-point.ts'
import { HeldGlobals } from '../instance/held-globals.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { type LoadIdentity, loadIdentity } from '../logical/ledger/load-identity.ts'
import { LoadLedger } from '../logical/ledger/load-ledger.ts'
import { type LoadReport, loadLogical } from '../logical/load-logical.ts'
import { openForReplay } from '../logical/read-only-schemas.ts'
import { entryText } from '../logical/translate/report.ts'
import { proveLoad } from '../logical/verify-target/prove-load.ts'
import type { TargetVerification } from '../logical/verify-target/verify-target.ts'
import { Connection } from '../wire/connection.ts'
import { type ApplyReport, applyTransactions } from './apply/apply-transactions.ts'
import { takenAsDone } from './apply/replay-failure.ts'
import { inspectTarget, type ReplayTarget } from './apply/replay-target.ts'
import { pendingTransactions } from './pending-transactions.ts'
import { readLegs } from './read-legs.ts'
import { replayGlobals } from './replay-globals.ts'
import type { ReplayPlan, RestorePlan } from './restore-plan.ts'
import { readTargetState, refuseSuperReadOnly } from './target-state.ts'

export interface ExecuteOptions {
  readonly settings: ConnectionSettings
  readonly backup: BackupSource
  /** Needed when the plan replays. */
  readonly archive?: Pick<Archive, 'readTransactions'>
  /** Sessions that load rows. */
  readonly threads?: number
  /** Reads the base back from the target before anything is replayed, and compares it with the backup. */
  readonly verify?: boolean
  /** See LoadOptions. */
  readonly deferFromBytes?: number
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface RestoreReport {
  /** True when an earlier run had begun it, and this one went on. */
  readonly isContinued: boolean
  readonly loaded?: LoadReport
  /** Of the base, as it was before the replay. */
  readonly verified?: TargetVerification
  readonly replayed?: ApplyReport
  /** What the target holds now. */
  readonly end: RecoveryPoint
  readonly loadSeconds: number
  readonly verifySeconds?: number
  readonly replaySeconds: number
}

/**
 * Restores into a running server that nobody else writes to. Interrupted, it may be run again with the same plan: load and replay go on
 * exactly where they ended.
 *
 * Throws TARGET_NOT_EMPTY, VERSION_MISMATCH, PRIVILEGE_MISSING, REPLAY_FAILED, LOAD_MISMATCH, VERIFY_FAILED and what loading and reading throw.
 */
export async function executeRestore(plan: RestorePlan, options: ExecuteOptions): Promise<RestoreReport> {
  const { settings, emit = () => undefined, signal } = options
  await using control = await Connection.open(settings, { signal })
  await checkTarget(control, plan, signal)
  const identity = identityOf(plan, options.backup)
  // The log of the target begins with the first transaction replayed.
  await using ledger = await LoadLedger.open({ settings, identity, skipBinlog: true, emit, signal })
  const before = await inspectTarget(control, { signal })
  const state = await readTargetState(
    control,
    plan,
    before.executed,
    { identity, begun: ledger.begun },
    signal,
  )
  await using held = new AsyncDisposableStack()
  held.use(await HeldGlobals.hold(control, replayGlobals(before), { settings, record: ledger, emit, signal }))
  // Opened now: the accounts that are about to be restored may not let us in again.
  await using connection = await Connection.open(settings, { signal })
  for (const session of [control, connection]) await session.run(`SET SESSION wait_timeout=${yearSeconds}`)

  if (state.kind === 'loaded' && plan.flavour === 'mariadb' && !isAtBase(plan, state)) {
    // Its position has no holes, so it cannot tell whether the earlier run left a transaction out.
    emit({
      type: 'notice',
      level: 'warning',
      message: `going on at GTID ${state.executed?.text}, where an earlier run ended, unless the target is the source itself: it is right only if that run was given the same --skip-gtid`,
    })
  }
  const loadStart = performance.now()
  const loaded = state.kind === 'loaded' ? undefined : await load(plan, options, ledger)
  // Now, for the run that goes on with the replay knows of changes alone.
  for (const message of [
    ...(loaded?.changes ?? ledger.begun?.changes ?? []).map(entryText),
    ...(loaded?.warnings ?? []),
  ])
    emit({ type: 'notice', level: 'warning', message })
  const loadSeconds = secondsSince(loadStart)
  const verifyStart = performance.now()
  const isUntouched = state.kind !== 'loaded' || isAtBase(plan, state)
  const verified =
    options.verify === true
      ? await ledger.proving(() => verifyBase(plan, options, isUntouched, loaded))
      : undefined
  const verifySeconds = secondsSince(verifyStart)
  // Only now: what differs from its backup is no base that a replay goes on from.
  if (loaded !== undefined) {
    await setGtidState(control, plan.base.point, { resetBinaryLogs: true, signal })
    await ledger.setState('loaded')
  }
  const replayStart = performance.now()
  // Setting the GTID state has changed what it stands at.
  const target = loaded === undefined ? before : await inspectTarget(control, { signal })
  const executed = state.kind === 'loaded' ? state.executed : undefined
  if (isReplayed(plan)) {
    await ledger.setState('replaying')
    const { schemas } = parseLogicalContent(options.backup.content)
    const opened = loaded === undefined ? await openForReplay(control, schemas, signal) : []
    for (const message of opened) emit({ type: 'notice', level: 'warning', message })
  }
  const replayed =
    plan.replay === undefined
      ? undefined
      : await replay(plan, plan.replay, { ...options, connection, target, executed })
  checkEnd(plan, await target.settle(plan.end, { signal }))
  await held.disposeAsync()
  await ledger.drop()
  return {
    isContinued: state.kind !== 'empty',
    ...(loaded === undefined ? {} : { loaded }),
    ...(verified === undefined ? {} : { verified, verifySeconds }),
    ...(replayed === undefined ? {} : { replayed }),
    end: plan.end,
    loadSeconds,
    replaySeconds: secondsSince(replayStart),
  }
}

function isReplayed({ replay }: RestorePlan): boolean {
  return (replay?.transactions ?? 0) > 0
}

/** Where GTIDs do not tell, nothing was replayed. */
function isAtBase({ base }: RestorePlan, { executed }: { readonly executed?: GtidState }): boolean {
  return executed === undefined || (base.point.gtid !== undefined && statesEqual(base.point.gtid, executed))
}

// 365 days in seconds, the most that wait_timeout takes: these sessions rest while tables are loaded.
const yearSeconds = 365 * 24 * 60 * 60

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000
}

async function checkTarget(
  control: Connection,
  { flavour, base }: RestorePlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  if (facts.flavour !== flavour) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `a backup of ${flavour} cannot be restored into ${facts.flavour}`,
      {
        backup: base.origin.serverVersion,
        target: facts.version,
      },
    )
  }
  await refuseSuperReadOnly(control, signal)
}

/** What a restore of all does is given by its base alone: where the replay ends is another matter. */
export function identityOf({ base }: RestorePlan, { content }: Pick<BackupSource, 'content'>): LoadIdentity {
  const parsed = parseLogicalContent(content)
  return loadIdentity({ backupId: base.id, content: parsed, onExisting: 'fail', skipBinlog: true })
}

async function load(plan: RestorePlan, options: ExecuteOptions, ledger: LoadLedger): Promise<LoadReport> {
  const { settings, backup, threads, deferFromBytes, emit, signal } = options
  emit?.({ type: 'phase', phase: 'loading the base', detail: plan.base.id })
  return await loadLogical({
    settings,
    backup,
    skipBinlog: true,
    isReplayed: isReplayed(plan),
    ledger,
    ...(threads === undefined ? {} : { threads }),
    ...(deferFromBytes === undefined ? {} : { deferFromBytes }),
    ...(emit === undefined ? {} : { emit }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The rows of the base are there to be compared until the first transaction is replayed. */
async function verifyBase(
  plan: RestorePlan,
  { settings, backup, threads, emit, signal }: ExecuteOptions,
  isUntouched: boolean,
  loaded: LoadReport | undefined,
): Promise<TargetVerification | undefined> {
  if (!isUntouched) {
    const message =
      'not verified: an earlier run has replayed transactions already, so the rows of the backup are no longer what the target holds'
    emit?.({ type: 'notice', level: 'warning', message })
    return undefined
  }
  return await proveLoad({
    settings,
    backup,
    backupId: plan.base.id,
    loadWarnings: loaded?.warnings ?? [],
    ...(threads === undefined ? {} : { threads }),
    ...(emit === undefined ? {} : { emit }),
    ...(signal === undefined ? {} : { signal }),
  })
}

interface ReplayOptions extends ExecuteOptions {
  readonly connection: Connection
  readonly target: ReplayTarget
  /** What an earlier run has applied. */
  readonly executed: GtidState | undefined
}

async function replay(plan: RestorePlan, replay: ReplayPlan, options: ReplayOptions): Promise<ApplyReport> {
  const { archive, connection, target, executed, emit, signal } = options
  if (archive === undefined)
    throw new HoldfastError('BUG', 'a plan with a replay was carried out without an archive')
  const base = plan.base.point.gtid
  const resumption = executed === undefined || base === undefined ? undefined : { base, executed }
  emit?.({ type: 'phase', phase: 'replaying binary logs', detail: `to ${describePoint(plan.end)}` })
  return await applyTransactions({
    connection,
    dialect: target.dialect,
    transactions: pendingTransactions(readLegs(archive, replay, signal), replay, resumption),
    expected: replay.transactions,
    ...(resumption === undefined
      ? {}
      : {
          toleratedAtFirst: target.toleratedAtFirst,
          preparedXids: target.preparedXids,
          onTolerated: (error, archived) =>
            emit?.({ type: 'notice', level: 'warning', message: takenAsDone(archived, error) }),
        }),
    ...(emit === undefined ? {} : { emit }),
    signal,
  })
}

function checkEnd(plan: RestorePlan, reached: GtidState | undefined): void {
  const { gtid } = plan.end
  if (gtid === undefined || reached === undefined || statesEqual(reached, gtid)) return
  throw new HoldfastError(
    'LOAD_MISMATCH',
    `the target stands at GTID ${reached.text || '(none)'} instead of ${gtid.text || '(none)'}`,
    { expected: gtid.text, found: reached.text },
  )
}
