// Use case: bring an instance back into a running server, to any moment of its recovery window.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { selectContent } from '../logical/definition-statements.ts'
import { explainLoad } from '../logical/explain-load.ts'
import { everything } from '../logical/selection.ts'
import { executeRestore, type RestoreReport } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { defaultThreads } from './backup-instance.ts'
import { type ExamineRequest, examineTarget, type TargetReport } from './examine-target.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { parseSchemas } from './parse-selection.ts'
import { type PlanRequest, planRestoreOf } from './plan-restore-of.ts'
import { restoreSchemas } from './restore-schemas.ts'

export interface RestoreRequest extends PlanRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly target: ConnectionSettings | undefined
  /** Names as parse-selection.ts reads them. */
  readonly schemas?: readonly string[] | undefined
  readonly threads?: number | undefined
  /** Reads everything back that was loaded, and compares it with the backup. */
  readonly verify: boolean
  readonly isDryRun: boolean
}

/** What its owner has to agree to before a target that is not empty is touched. */
export interface RestoreConsent {
  readonly plan: RestorePlan
  readonly target: TargetReport
}

export interface RestoreHooks {
  /** Asked when the target holds data of its own. Throws CONFIRMATION_MISSING when the answer is not yes. */
  readonly confirm: (consent: RestoreConsent) => Promise<void>
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

export type RestoreOutcome =
  /** Nothing was changed; `target` is absent when none was named. */
  | { readonly kind: 'planned'; readonly plan: RestorePlan; readonly target?: TargetReport }
  | { readonly kind: 'restored'; readonly plan: RestorePlan; readonly report: RestoreReport }

/** Throws what opening, planning, connecting, loading and replaying throw. */
export async function restoreInstance(given: RestoreRequest, hooks: RestoreHooks): Promise<RestoreOutcome> {
  const request = { ...given, schemas: parseSchemas(given.schemas) }
  const { emit, signal, confirm } = hooks
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const { plan, archive } = await planRestoreOf(source, request, { emit, signal })
  checkSelection(request, plan)
  if (request.target === undefined && !request.isDryRun)
    throw new HoldfastError('USAGE', '--target is missing: it is never guessed')
  const backup = await source.openBackup(plan.base.id, signal)
  const content = parseLogicalContent(backup.content)
  const target = await examine(request, { plan, content, source: await source.describe(signal) }, signal)
  const { threads = defaultThreads(), schemas } = request
  if (request.isDryRun || request.target === undefined || target === undefined) {
    const selected = selectContent(content, schemas === undefined ? everything : { kind: 'schemas', schemas })
    const load = await explainLoad(backup, selected, threads, signal)
    const explained = { ...plan, steps: [...plan.steps.slice(0, 1), ...load, ...plan.steps.slice(1)] }
    return { kind: 'planned', plan: explained, ...(target === undefined ? {} : { target }) }
  }
  if (target.schemas.length > 0 || target.isSource) await confirm({ plan, target })
  for (const message of plan.warnings) emit({ type: 'notice', level: 'warning', message })
  const options = {
    settings: request.target,
    backup,
    archive,
    threads,
    verify: request.verify,
    emit,
    signal,
  }
  const report =
    schemas === undefined ? await executeRestore(plan, options) : await restoreSchemas(plan, schemas, options)
  for (const message of report.loaded?.warnings ?? []) emit({ type: 'notice', level: 'warning', message })
  return { kind: 'restored', plan, report }
}

/** Before anybody is asked and anything is changed, and in a dry run too: whether this target can take it at all. */
async function examine(
  { target, schemas }: RestoreRequest,
  of: Pick<ExamineRequest, 'plan' | 'content' | 'source'>,
  signal: AbortSignal,
): Promise<TargetReport | undefined> {
  if (schemas !== undefined) selectContent(of.content, { kind: 'schemas', schemas })
  return target === undefined ? undefined : await examineTarget({ settings: target, schemas, ...of }, signal)
}

/** A part of an instance can be loaded, but the log tells the history of all of it. */
function checkSelection({ schemas }: RestoreRequest, { replay }: RestorePlan): void {
  if (schemas === undefined || replay === undefined || replay.transactions === 0) return
  throw new HoldfastError(
    'USAGE',
    'chosen schemas can only be restored as they are in a backup, without what the binary logs hold after it',
    {},
    {
      hint: 'Say --to backup; or restore all into an empty server to any moment, and copy the schemas from there.',
    },
  )
}

export type { RestorePlan } from '../recovery/restore-plan.ts'
export type { TargetReport } from './examine-target.ts'
