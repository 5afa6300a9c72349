// The plan of a restore, from what a repository holds of an instance.
import { Archive } from '../archive/archive.ts'
import type { BackupKind } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { RestorePoint } from '../core/restore-point.ts'
import { type PhysicalContent, parsePhysicalContent } from '../physical/content.ts'
import { planFromArchive, planRestore } from '../recovery/plan-restore.ts'
import type { BaseBackup, RestorePlan } from '../recovery/restore-plan.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { findBackup } from './show-backup.ts'

export interface PlanRequest {
  readonly point: RestorePoint
  /** Id or the beginning of one; the best one by default. */
  readonly backup?: string | undefined
  readonly skipGtids: readonly string[]
}

export interface PlannedRestore {
  readonly plan: RestorePlan
  readonly archive: Archive
}

export interface Planning {
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** Throws what planning throws: POINT_OUTSIDE_WINDOW, POINT_NOT_FOUND, ARCHIVE_GAP, USAGE, …; reads no data of backups. */
export async function planRestoreOf(
  source: SourceRepository,
  kind: BackupKind,
  request: PlanRequest,
  options: Planning,
): Promise<PlannedRestore> {
  return await planFrom(await usableBackups(source, request, options), kind, request, options.signal)
}

/** Those that a plan can be made from. */
export interface UsableBackups {
  readonly source: SourceRepository
  readonly backups: readonly BackupSummary[]
  /** The one that was asked for. */
  readonly named: string | undefined
}

/** Throws USAGE for a backup that is not there. A damaged manifest, which is told, costs its own backup and not the others; unless it is the one that was asked for. */
export async function usableBackups(
  source: SourceRepository,
  { backup }: PlanRequest,
  { emit, signal }: Planning,
): Promise<UsableBackups> {
  const named = backup === undefined ? undefined : await findBackup(source, backup, signal)
  const backups: BackupSummary[] = []
  for (const { id } of await source.listBackups(signal)) {
    try {
      backups.push(await source.readBackup(id, signal))
    } catch (error) {
      if (id === named || !isHoldfastError(error, 'VERIFY_FAILED')) throw error
      emit({ type: 'notice', level: 'warning', message: `backup ${id} cannot be used: ${error.message}` })
    }
  }
  return { source, backups, named }
}

/** See planRestoreOf. */
export async function planFrom(
  { source, backups, named }: UsableBackups,
  kind: BackupKind,
  { point, skipGtids }: PlanRequest,
  signal: AbortSignal,
): Promise<PlannedRestore> {
  const found = ofKind(backups, kind, named)
  const archive = await Archive.open(source, signal)
  const bounds = new Map<string, PhysicalContent['bounds']>()
  for (;;) {
    const planning = planRestore({
      source: source.name,
      backups: found.map((backup) => ({ ...backup, ...upTo(bounds.get(backup.id)) })),
      segments: archive.history(),
      point,
      ...(named === undefined ? {} : { backupId: named }),
      skipGtids,
    })
    const plan = await planFromArchive(planning, async (segment) => archive.transactionsOf(segment))
    const { id } = plan.base
    if (kind === 'logical' || bounds.has(id)) return { plan, archive }
    // Only its list of files tells, which is read of those alone that would be used.
    const { content } = await source.openBackup(id, signal)
    bounds.set(id, parsePhysicalContent(content).bounds)
  }
}

function upTo(bounds: PhysicalContent['bounds']): Pick<BaseBackup, 'upTo'> {
  if (bounds === undefined) return {}
  const { position, gtid, timeMicros } = bounds.to
  return {
    upTo: {
      timeMicros,
      ...(position === undefined ? {} : { position }),
      ...(gtid === undefined ? {} : { gtid }),
    },
  }
}

/** A running server takes rows, and a data directory files. */
function ofKind(
  backups: readonly BackupSummary[],
  kind: BackupKind,
  wanted: string | undefined,
): readonly BackupSummary[] {
  const fitting = backups.filter(
    (backup) => backup.kind === kind && (wanted === undefined || backup.id === wanted),
  )
  const [other] = backups.filter(({ id }) => wanted === undefined || id === wanted)
  if (fitting.length > 0 || other === undefined) return backups.filter((backup) => backup.kind === kind)
  const [goes, not] = kind === 'physical' ? ['--target URL', '--datadir'] : ['--datadir DIR', '--target']
  throw new HoldfastError(
    'USAGE',
    `backup ${other.id} is ${other.kind}, and ${not} takes a ${kind} one`,
    { backup: other.id },
    {
      hint: `Restore it with ${goes}${kind === 'logical' ? ', or parts of it with --schemas or --tables' : ''}.`,
    },
  )
}
