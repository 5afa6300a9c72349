// Use case: bring an instance back into a running server, to any moment of its recovery window.
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { type LogicalContent, parseLogicalContent } from '../logical/content.ts'
import { explainLoad } from '../logical/explain-load.ts'
import { Renames } from '../logical/reshape/renames.ts'
import { reshape } from '../logical/reshape/reshape.ts'
import { everything } from '../logical/selection.ts'
import { entryText } from '../logical/translate/report.ts'
import { executeRestore, type RestoreReport } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { Connection } from '../wire/connection.ts'
import { defaultThreads, rateLimitOf } from './backup-instance.ts'
import { examineTarget, type TargetReport } from './examine-target.ts'
import { existingSource } from './existing-source.ts'
import { exportTables, findImportTarget, type ImportReport, importTables } from './import-parts.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { pacedSource } from './paced-source.ts'
import {
  type PartsPlan,
  type PartsRestoreRequest,
  planParts,
  refuseUnfit,
  requireProvable,
  type ShapedParts,
  tellLeftOut,
} from './plan-parts.ts'
import { planPartsOf } from './plan-parts-of.ts'
import { type PlannedRestore, type PlanRequest, planRestoreOf } from './plan-restore-of.ts'
import { requireGtid, restoreParts } from './restore-parts.ts'
import { restoreTranslated, tellTranslation } from './restore-translated.ts'
import { type FileRowsRequest, readRowsOfFiles } from './rows-of-files.ts'
import {
  refuseTranslatedReplay,
  refuseUntranslatable,
  type Translation,
  type TranslationRequest,
  translatedParts,
} from './translate-parts.ts'

export interface RestoreRequest
  extends PlanRequest,
    PartsRestoreRequest,
    TranslationRequest,
    FileRowsRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly target: ConnectionSettings | undefined
  readonly threads?: number | undefined
  /** Of rows of the backup that are sent, over all connections. */
  readonly bytesPerSecond?: number | undefined
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
  | {
      readonly kind: 'planned'
      readonly plan: RestorePlan
      readonly target?: TargetReport
      readonly translation?: Translation
    }
  | {
      readonly kind: 'restored'
      readonly plan: RestorePlan
      readonly report: RestoreReport
      readonly translation?: Translation
      /** Tables whose files were put under the target. */
      readonly imported?: ImportReport
    }

/** Throws what opening, planning, connecting, loading and replaying throw. */
export async function restoreInstance(request: RestoreRequest, hooks: RestoreHooks): Promise<RestoreOutcome> {
  refuseUntranslatable(request, request)
  const asked = planParts(request)
  const { emit, signal } = hooks
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const planned =
    asked === undefined
      ? await planRestoreOf(source, 'logical', request, { emit, signal })
      : await planPartsOf(source, request, asked.shape, { emit, signal })
  const { plan } = planned
  if (request.target === undefined && !request.isDryRun)
    throw new HoldfastError('USAGE', '--target is missing: it is never guessed')
  if (plan.base.kind === 'physical')
    return await restoreOutOfFiles({ ...planned, asked, source }, request, hooks)
  refuseFileOptions(request, plan)
  refuseTranslatedReplay(request, request)
  checkReplay(asked, plan)
  const backup = await source.openBackup(plan.base.id, signal)
  return await restoreRows({ ...planned, asked, source, backup }, request, hooks)
}

interface ChosenRestore extends PlannedRestore {
  readonly asked: PartsPlan | undefined
  readonly source: SourceRepository
}

/** A server of our own makes rows of the files, as they were at the wanted point; then it is as if these were the backup. */
async function restoreOutOfFiles(
  chosen: ChosenRestore,
  request: RestoreRequest,
  hooks: RestoreHooks,
): Promise<RestoreOutcome> {
  const { plan, archive, asked, source } = chosen
  const { emit, signal } = hooks
  if (request.isDryRun || request.target === undefined) {
    const read = 'Read what was chosen from it, and load that into the target'
    const steps = [...plan.steps.slice(0, -1), read, ...plan.steps.slice(-1)]
    return { kind: 'planned', plan: { ...plan, steps } }
  }
  await refuseOtherFlavour(request.target, request, plan, signal)
  const parts = asked ?? wholeAsParts
  const target = request.importTablespaces
    ? await findImportTarget(request.target, parts, request, signal)
    : undefined
  // Tablespaces are laid under tables that are made first.
  const shape = target === undefined ? parts.shape : { ...parts.shape, parts: 'structure' as const }
  await using rows = await readRowsOfFiles({
    request,
    plan,
    archive,
    backup: await source.openBackup(plan.base.id, signal),
    selection: shape.selection,
    parts: shape.parts,
    threads: request.threads ?? defaultThreads(),
    emit,
    signal,
  })
  await using exported = target === undefined ? undefined : await exportTables(rows, target, signal)
  const read = { ...chosen, asked: { ...parts, shape }, plan: rows.plan, backup: rows.backup }
  const outcome = { ...(await restoreRows(read, request, hooks)), plan: { ...plan, end: rows.plan.end } }
  if (target === undefined || exported === undefined || outcome.kind === 'planned') return outcome
  const { lowerCaseTableNames } = parseLogicalContent(rows.backup.content).server
  const renames = new Renames(shape.rename ?? { schemas: [], tables: [] }, lowerCaseTableNames > 0)
  return { ...outcome, imported: await importTables(exported, target, renames, { emit, signal }) }
}

/** Told before the files are recovered, which may take long. */
async function refuseOtherFlavour(
  target: ConnectionSettings,
  { translate }: TranslationRequest,
  { flavour }: RestorePlan,
  signal: AbortSignal,
): Promise<void> {
  await using connection = await Connection.open(target, { signal })
  const facts = await inspectInstance(connection, { signal })
  if (translate || facts.flavour === flavour) return
  throw new HoldfastError(
    'VERSION_MISMATCH',
    `a backup of ${flavour} cannot be restored into ${facts.flavour}`,
    { target: facts.version },
    { hint: 'Say --translate to carry what the target can have.' },
  )
}

function refuseFileOptions(request: FileRowsRequest, { base }: RestorePlan): void {
  const { serverProgram, optionFile, scratch, importTablespaces = false } = request
  const named = { 'server-program': serverProgram, 'server-options': optionFile, scratch }
  const given = Object.entries({ ...named, 'import-tablespaces': importTablespaces || undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name}`)
  if (given.length === 0) return
  throw new HoldfastError(
    'USAGE',
    `${given.join(', ')} is for backups of files, and backup ${base.id} holds rows`,
    { backup: base.id },
    { hint: 'Leave it away, or name a backup of files with --backup ID.' },
  )
}

async function restoreRows(
  chosen: ChosenRestore & { readonly backup: BackupSource },
  request: RestoreRequest,
  { emit, signal, confirm }: RestoreHooks,
): Promise<RestoreOutcome> {
  const { plan, archive, asked, source } = chosen
  const limit = rateLimitOf(request.bytesPerSecond)
  const backup = limit === undefined ? chosen.backup : pacedSource(chosen.backup, limit)
  const content = parseLogicalContent(backup.content)
  const shaped = shapedParts(asked, backup, content, request)
  tellLeftOut(asked?.shape, content, emit)
  const translated =
    request.translate && shaped !== undefined && request.target !== undefined
      ? await translatedParts(shaped, request.target, signal)
      : undefined
  const parts = translated?.parts ?? shaped
  if (parts !== undefined) checkParts(parts, request, plan)
  const examined = {
    plan,
    content,
    source: await source.describe(signal),
    ...(parts === undefined ? {} : { parts }),
  }
  const target =
    request.target === undefined
      ? undefined
      : await examineTarget({ settings: request.target, ...examined }, signal)
  const { threads = defaultThreads() } = request
  if (request.isDryRun || request.target === undefined || target === undefined) {
    const selected = (parts?.reshaped.content ?? content).schemas
    const load = await explainLoad(backup, selected, threads, signal, target?.begun)
    const explained = {
      ...plan,
      steps: [...plan.steps.slice(0, 1), ...load, ...plan.steps.slice(1)],
      warnings: [...plan.warnings, ...(parts?.reshaped.warnings ?? []), ...(target?.warnings ?? [])],
    }
    const translation = translated?.translation
    if (translation !== undefined) await tellTranslation(translation, request, emit)
    return {
      kind: 'planned',
      plan: explained,
      ...(target === undefined ? {} : { target }),
      ...(translation === undefined ? {} : { translation }),
    }
  }
  if (target.schemas.length > 0 || target.isSource) await confirm({ plan, target })
  for (const message of plan.warnings) emit({ type: 'notice', level: 'warning', message })
  const options = { settings: request.target, threads, verify: request.verify, emit, signal }
  if (parts !== undefined && translated !== undefined) {
    return await restoreTranslated(plan, translated, { ...options, agreedDrops: target.toDrop }, request)
  }
  if (parts === undefined)
    return { kind: 'restored', plan, report: await executeRestore(plan, { ...options, backup, archive }) }
  const report = await restoreParts(plan, { ...options, ...parts, agreedDrops: target.toDrop })
  const { changes = [], warnings = [] } = report.loaded ?? {}
  for (const message of [...changes.map(entryText), ...warnings])
    emit({ type: 'notice', level: 'warning', message })
  return { kind: 'restored', plan, report }
}

/** Rows alone need tables that are there: they are restored as parts are. And so is what is translated: no log goes on from there. */
function shapedParts(
  asked: PartsPlan | undefined,
  backup: BackupSource,
  content: LogicalContent,
  { translate }: TranslationRequest,
): ShapedParts | undefined {
  const plan = asked ?? (content.parts === 'data' || translate ? wholeAsParts : undefined)
  return plan === undefined ? undefined : { plan, reshaped: reshape(backup, plan.shape) }
}

const wholeAsParts: PartsPlan = {
  shape: { selection: everything },
  onExisting: 'fail',
  setGtid: false,
  skipBinlog: false,
}

function checkParts(
  { plan: parts, reshaped }: ShapedParts,
  { verify }: RestoreRequest,
  plan: RestorePlan,
): void {
  refuseUnfit(parts, reshaped)
  if (verify) requireProvable(parts, reshaped)
  if (parts.setGtid) requireGtid(plan)
}

/** A part of an instance can be loaded, but the log tells the history of all of it. */
function checkReplay(parts: PartsPlan | undefined, { replay }: RestorePlan): void {
  if (parts === undefined || replay === undefined || replay.transactions === 0) return
  throw new HoldfastError(
    'USAGE',
    'chosen parts can only be restored as they are in a backup, without what the binary logs hold after it',
    {},
    {
      hint: 'Say --to backup; or take backups of files, which parts can be had from at any moment.',
    },
  )
}

export type { RestorePlan } from '../recovery/restore-plan.ts'
export type { TargetReport } from './examine-target.ts'
