// Restores a part of a backup, or one in another shape, into a server that may hold other data: nothing but what was chosen is touched.
import { HoldfastError } from '../core/errors.ts'
import { setGtidState } from '../instance/current-point.ts'
import { HeldGlobals } from '../instance/held-globals.ts'
import type { MendTable } from '../logical/create-definitions.ts'
import { type LoadIdentity, loadIdentity } from '../logical/ledger/load-identity.ts'
import { LoadLedger } from '../logical/ledger/load-ledger.ts'
import type { OnRefused } from '../logical/load-code.ts'
import { loadLogical } from '../logical/load-logical.ts'
import type { RelaxTarget } from '../logical/load-rows.ts'
import type { ReshapedBackup } from '../logical/reshape/reshape.ts'
import { proveLoad } from '../logical/verify-target/prove-load.ts'
import type { ExecuteOptions, RestoreReport } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { Connection } from '../wire/connection.ts'
import type { PartsPlan } from './plan-parts.ts'

export interface PartsOptions extends Omit<ExecuteOptions, 'archive' | 'backup'> {
  readonly plan: PartsPlan
  readonly reshaped: ReshapedBackup
  readonly agreedDrops: readonly string[]
  /** See LoadOptions. */
  readonly onRefused?: OnRefused
  readonly relax?: RelaxTarget
  readonly mend?: MendTable
}

/** Throws what loading throws, and VERIFY_FAILED. */
export async function restoreParts(plan: RestorePlan, options: PartsOptions): Promise<RestoreReport> {
  const { settings, plan: parts, reshaped, verify = false, signal, emit = () => undefined, ...rest } = options
  const { backup, content, wholeSchemas } = reshaped
  const hasEvents = content.schemas.some(({ events }) => events.length > 0)
  const startedMs = performance.now()
  const refused = new Set<string>()
  const onRefused: OnRefused | undefined =
    options.onRefused === undefined
      ? undefined
      : (object, error) => {
          refused.add(object)
          options.onRefused?.(object, error)
        }
  const identity = partsIdentity(plan, options)
  await using ledger = await LoadLedger.open({
    settings,
    identity,
    skipBinlog: parts.skipBinlog,
    emit,
    signal,
  })
  await using control = await Connection.open(settings, { signal })
  // Events would write into the rows that are being read back.
  await using held = new AsyncDisposableStack()
  held.use(
    await HeldGlobals.hold(control, hasEvents ? [eventsOff] : [], { settings, record: ledger, emit, signal }),
  )
  const result = await loadLogical({
    ...rest,
    onRefused,
    settings,
    backup,
    wholeSchemas,
    onExisting: parts.onExisting,
    skipBinlog: parts.skipBinlog,
    ledger,
    emit,
    ...(signal === undefined ? {} : { signal }),
  })
  const loaded = { ...result, warnings: [...reshaped.warnings, ...result.warnings] }
  const loadedMs = performance.now()
  if (parts.setGtid) await setGtid(plan, settings, signal)
  const proof = {
    ...rest,
    settings,
    backup,
    backupId: plan.base.id,
    loadWarnings: loaded.warnings,
    notCreated: refused,
    emit,
  }
  const verified = verify
    ? await ledger.proving(() => proveLoad(signal === undefined ? proof : { ...proof, signal }))
    : undefined
  await held.disposeAsync()
  await ledger.drop()
  return {
    isContinued: ledger.begun !== undefined,
    loaded,
    end: plan.end,
    loadSeconds: (loadedMs - startedMs) / 1000,
    ...(verified === undefined ? {} : { verified, verifySeconds: (performance.now() - loadedMs) / 1000 }),
    replaySeconds: 0,
  }
}

const eventsOff = {
  name: 'event_scheduler',
  value: "'OFF'",
  neededFor: 'events of the target would write into what is being restored',
}

export function partsIdentity(
  { base }: RestorePlan,
  { plan, reshaped }: Pick<PartsOptions, 'plan' | 'reshaped'>,
): LoadIdentity {
  const { onExisting, skipBinlog } = plan
  return loadIdentity({ backupId: base.id, content: reshaped.content, onExisting, skipBinlog })
}

/** Only adds: what the server has executed itself stays executed. */
async function setGtid(
  { base }: RestorePlan,
  settings: ExecuteOptions['settings'],
  signal: AbortSignal | undefined,
): Promise<void> {
  await using connection = await Connection.open(settings, { signal })
  await setGtidState(connection, base.point, { signal })
}

/** @throws HoldfastError USAGE where the backup does not say which transactions it holds */
export function requireGtid({ base }: RestorePlan): void {
  if (base.point.gtid !== undefined) return
  throw new HoldfastError(
    'USAGE',
    `backup ${base.id} records no GTIDs that --set-gtid could set`,
    { backup: base.id },
    {
      hint: 'Leave --set-gtid away; holdfast show tells the position in the binary log that a replica goes on from.',
    },
  )
}
