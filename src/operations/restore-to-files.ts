// Use case: write a backup out as files that plain tools load, without a server.
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { exportFiles } from '../logical/files/export-files.ts'
import { reshape } from '../logical/reshape/reshape.ts'
import { planScript } from '../logical/script/script-plan.ts'
import { existingSource } from './existing-source.ts'
import { NewFolder } from './export-folder.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { parseShape, type ShapeRequest, tellLeftOut } from './plan-parts.ts'
import { planRestoreOf } from './plan-restore-of.ts'

export interface FilesRequest extends ShapeRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  /** Id or the beginning of one; by default the newest of the whole instance. */
  readonly backup?: string | undefined
  /** Empty, or not there yet. */
  readonly folder: string
}

export interface FilesReport {
  readonly backup: BackupSummary
  readonly folder: string
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly files: number
  readonly sizeBytes: number
}

/** Throws what opening and reading throw, USAGE where the folder is not empty or a schema is not in the backup. */
export async function restoreToFiles(
  request: FilesRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<FilesReport> {
  const shape = parseShape(request)
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const wanted = { point: { kind: 'backup', text: 'backup' }, backup: request.backup, skipGtids: [] } as const
  const { id } = (await planRestoreOf(source, 'logical', wanted, { emit, signal })).plan.base
  const backup = await source.openBackup(id, signal)
  const { summary } = backup
  if (summary.kind !== 'logical') {
    throw new HoldfastError(
      'UNSUPPORTED',
      `backup ${id} is a copy of data files: it holds no tables that could be written as text`,
      { backup: id },
      { hint: 'Restore it into a server, and back that up with --method dump.' },
    )
  }
  const reshaped = shape === undefined ? { backup, warnings: [] } : reshape(backup, shape)
  const plan = planScript(reshaped.backup)
  tellLeftOut(shape, parseLogicalContent(backup.content), emit)
  const folder = await NewFolder.make(request.folder)
  for (const message of [...summary.warnings, ...reshaped.warnings, ...plan.warnings]) {
    emit({ type: 'notice', level: 'warning', message })
  }
  const of = { source: source.name, id }
  const { files, ...counts } = await exportFiles({ plan, backup, folder, of, emit, signal })
  await folder.sync()
  return {
    backup: summary,
    folder: request.folder,
    ...counts,
    files: files.length,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
  }
}
