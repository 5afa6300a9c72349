// The plan of a restore, from what a repository holds of an instance.
import { Archive } from '../archive/archive.ts'
import type { BackupKind } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { RestorePoint } from '../core/restore-point.ts'
import { planFromArchive, planRestore } from '../recovery/plan-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
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

/** Throws what planning throws: POINT_OUTSIDE_WINDOW, POINT_NOT_FOUND, ARCHIVE_GAP, USAGE, …; reads no data of backups. */
export async function planRestoreOf(
  source: SourceRepository,
  kind: BackupKind,
  { point, backup, skipGtids }: PlanRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<PlannedRestore> {
  const backupId = backup === undefined ? undefined : await findBackup(source, backup, signal)
  const backups = ofKind(await readBackups(source, backupId, { emit, signal }), kind, backupId)
  const archive = await Archive.open(source, signal)
  const planning = planRestore({
    source: source.name,
    backups,
    segments: archive.history(),
    point,
    ...(backupId === undefined ? {} : { backupId }),
    skipGtids,
  })
  const plan = await planFromArchive(planning, async (segment) => archive.transactionsOf(segment))
  return { plan, archive }
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
    { hint: `Restore it with ${goes}.` },
  )
}

/** A damaged manifest costs its own backup, not the others; unless it is the one that was asked for. */
async function readBackups(
  source: SourceRepository,
  wanted: string | undefined,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<readonly BackupSummary[]> {
  const backups: BackupSummary[] = []
  for (const { id } of await source.listBackups(signal)) {
    try {
      backups.push(await source.readBackup(id, signal))
    } catch (error) {
      if (id === wanted || !isHoldfastError(error, 'VERIFY_FAILED')) throw error
      emit({ type: 'notice', level: 'warning', message: `backup ${id} cannot be used: ${error.message}` })
    }
  }
  return backups
}
