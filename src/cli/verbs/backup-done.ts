// What is said of a backup that is done, whichever method made it.
import type { BackupSummary } from '../../core/backup-summary.ts'
import { formatBytes } from '../../core/byte-size.ts'
import { formatDuration } from '../../core/duration.ts'
import { backupMs } from '../output/describe-backup.ts'
import { formatMicros } from '../output/time.ts'

export function describeBackupDone(
  source: string,
  backup: BackupSummary,
  bytesPerSecond: number | undefined,
): string {
  const { id, sizes, point, isPartial } = backup
  const held = bytesPerSecond === undefined ? '' : `, held to ${formatBytes(bytesPerSecond)}/s`
  const read = `${formatBytes(sizes.plainBytes)} read${held}, ${formatBytes(sizes.newBytes)} new`
  const at = formatMicros(point.timeMicros)
  const recovers = isPartial ? `these parts of ${source}` : source
  return [
    `Backup ${id} done in ${formatDuration(backupMs(backup))}: ${read}. You can now recover ${recovers} as of ${at}.`,
    point.position === undefined || isPartial
      ? `Next: holdfast verify ${source}`
      : `Next, for every moment after it: holdfast stream with the same connection and --name ${source}`,
  ].join('\n')
}
