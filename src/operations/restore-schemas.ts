// Restores chosen schemas into a server that may hold other data: nothing but these is touched, neither its binary logs nor its GTID state.
import { resumeEventScheduler } from '../instance/event-scheduler.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { selectContent } from '../logical/definition-statements.ts'
import { type LoadReport, loadLogical } from '../logical/load-logical.ts'
import { proveLoad } from '../logical/verify-target/prove-load.ts'
import type { ExecuteOptions, RestoreReport } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { Connection } from '../wire/connection.ts'

/** Throws what loading throws, and VERIFY_FAILED. */
export async function restoreSchemas(
  plan: RestorePlan,
  schemas: readonly string[],
  options: Omit<ExecuteOptions, 'archive'>,
): Promise<RestoreReport> {
  const { settings, backup, verify = false, signal } = options
  const selection = { kind: 'schemas', schemas } as const
  const hasEvents = selectContent(parseLogicalContent(backup.content), selection).some(
    ({ events }) => events.length > 0,
  )
  const startedMs = performance.now()
  const loaded = await loadLogical({
    ...options,
    selection,
    // Events would write into the rows that are being read back.
    keepEventsPaused: verify && hasEvents,
  })
  const loadedMs = performance.now()
  const report = { isContinued: false, loaded, end: plan.end, replaySeconds: 0 } as const
  const loadSeconds = (loadedMs - startedMs) / 1000
  if (!verify) return { ...report, loadSeconds }
  try {
    const proof = { ...options, selection, backupId: plan.base.id, loadWarnings: loaded.warnings }
    const verified = await proveLoad(proof)
    return { ...report, loadSeconds, verified, verifySeconds: (performance.now() - loadedMs) / 1000 }
  } finally {
    await resume(loaded, { settings, signal })
  }
}

async function resume(
  { pausedEvents }: LoadReport,
  { settings, signal }: Pick<ExecuteOptions, 'settings'> & { readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (!pausedEvents) return
  // Also when the restore was interrupted.
  const options = signal?.aborted === true ? {} : { signal }
  await using connection = await Connection.open(settings, options)
  await resumeEventScheduler(connection, options)
}
