// Restores a part of a backup, or one in another shape, into a server that may hold other data: nothing but what was chosen is touched.
import { HoldfastError } from '../core/errors.ts'
import { setGtidState } from '../instance/current-point.ts'
import { resumeEventScheduler } from '../instance/event-scheduler.ts'
import type { OnRefused } from '../logical/load-code.ts'
import { type LoadOptions, type LoadReport, loadLogical } from '../logical/load-logical.ts'
import type { RelaxTarget } from '../logical/load-rows.ts'
import type { ReshapedBackup } from '../logical/reshape/reshape.ts'
import { proveLoad } from '../logical/verify-target/prove-load.ts'
import type { ExecuteOptions, RestoreReport } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { PartsPlan } from './plan-parts.ts'

export interface PartsOptions extends Omit<ExecuteOptions, 'archive' | 'backup'> {
  readonly plan: PartsPlan
  readonly reshaped: ReshapedBackup
  readonly agreedDrops: readonly string[]
  /** See LoadOptions. */
  readonly onRefused?: OnRefused
  readonly relax?: RelaxTarget
}

/** Throws what loading throws, and VERIFY_FAILED. */
export async function restoreParts(plan: RestorePlan, options: PartsOptions): Promise<RestoreReport> {
  const { settings, plan: parts, reshaped, verify = false, signal, ...rest } = options
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
  const load = {
    ...rest,
    onRefused,
    settings,
    backup,
    wholeSchemas,
    onExisting: parts.onExisting,
    skipBinlog: parts.skipBinlog,
    // Events would write into the rows that are being read back.
    keepEventsPaused: verify && hasEvents,
    ...(signal === undefined ? {} : { signal }),
  }
  const result = await loadKeepingEvents(load, signal)
  const loaded = { ...result, warnings: [...reshaped.warnings, ...result.warnings] }
  const loadedMs = performance.now()
  const report = { isContinued: false, loaded, end: plan.end, replaySeconds: 0 } as const
  const loadSeconds = (loadedMs - startedMs) / 1000
  try {
    if (parts.setGtid) await setGtid(plan, settings, signal)
    if (!verify) return { ...report, loadSeconds }
    const loadWarnings = loaded.warnings
    const proof = { ...rest, settings, backup, backupId: plan.base.id, loadWarnings, notCreated: refused }
    const verified = await proveLoad(signal === undefined ? proof : { ...proof, signal })
    return { ...report, loadSeconds, verified, verifySeconds: (performance.now() - loadedMs) / 1000 }
  } finally {
    await resume(loaded, { settings, signal })
  }
}

/** A load that fails tells nobody whether it had paused the events. */
async function loadKeepingEvents(load: LoadOptions, signal: AbortSignal | undefined): Promise<LoadReport> {
  if (load.keepEventsPaused !== true) return loadLogical(load)
  const pausedEvents = await areEventsRunning(load.settings, signal)
  try {
    return await loadLogical(load)
  } catch (error) {
    // The failure is what is told, also where the server is gone.
    await resume({ pausedEvents }, { settings: load.settings, signal }).catch(() => undefined)
    throw error
  }
}

async function areEventsRunning(
  settings: ExecuteOptions['settings'],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await using connection = await Connection.open(settings, { signal })
  const [row = {}] = await connection.query('SELECT @@GLOBAL.event_scheduler AS state', { signal })
  return textOf(row, 'state') === 'ON'
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

async function resume(
  { pausedEvents }: Pick<LoadReport, 'pausedEvents'>,
  { settings, signal }: Pick<ExecuteOptions, 'settings'> & { readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (!pausedEvents) return
  // Also when the restore was interrupted.
  const options = signal?.aborted === true ? {} : { signal }
  await using connection = await Connection.open(settings, options)
  await resumeEventScheduler(connection, options)
}
