// `holdfast backup`: takes a backup and tells what it gives.
import type { BackupSummary } from '../../core/backup-summary.ts'
import { backupInstance } from '../../operations/backup-instance.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import { formatBytes } from '../output/byte-size.ts'
import { backupMs } from '../output/describe-backup.ts'
import { formatDuration } from '../output/duration.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupInstance(
    {
      access: repositoryAccess(context),
      settings,
      source,
      method: 'dump',
      schemas: options.list('schemas'),
      tables: options.list('tables'),
      threads: options.integer('threads'),
    },
    { emit, signal },
  )
  return { text: describe(source, backup), json: { source, backup } }
}

function describe(source: string, backup: BackupSummary): string {
  const { id, sizes, point, isPartial } = backup
  const read = `${formatBytes(sizes.plainBytes)} read, ${formatBytes(sizes.newBytes)} new`
  const at = formatMicros(point.timeMicros)
  const recovers = isPartial ? `these parts of ${source}` : source
  return [
    `Backup ${id} done in ${formatDuration(backupMs(backup))}: ${read}. You can now recover ${recovers} as of ${at}.`,
    point.position === undefined || isPartial
      ? `Next: holdfast verify ${source}`
      : `Next, for every moment after it: holdfast stream with the same connection and --name ${source}`,
  ].join('\n')
}
