// A backup in words: its server, its point, its sizes.
import type { BackupSummary } from '../../core/backup-summary.ts'
import { formatBytes } from '../../core/byte-size.ts'
import { formatDuration } from '../../core/duration.ts'
import { describePoint } from '../../core/point-text.ts'
import { formatTime } from './time.ts'

const flavours = { mysql: 'MySQL', mariadb: 'MariaDB' } as const

/** Name and value pairs for formatFields. */
export function backupFields(backup: BackupSummary): (readonly [string, string])[] {
  const { origin, point, sizes } = backup
  const identity =
    origin.serverUuid ?? (origin.gtidDomainId === undefined ? '' : `domain ${origin.gtidDomainId}`)
  return [
    ['backup', backup.id],
    ['kind', `${backup.kind}, by ${backup.method}${backup.isPartial ? ', of a part of the instance' : ''}`],
    [
      'server',
      `${flavours[origin.flavour]} ${origin.serverVersion}, server id ${origin.serverId}${identity && `, ${identity}`}`,
    ],
    ['taken', `${formatTime(backup.startedAt)}, in ${formatDuration(backupMs(backup))}`],
    ['recovery point', describePoint(point)],
    ...(point.gtid === undefined ? [] : [['GTID', point.gtid.text || '(none)'] as const]),
    [
      'size',
      `${formatBytes(sizes.plainBytes)} read, ${formatBytes(sizes.storedBytes)} stored, ${formatBytes(sizes.newBytes)} added to the repository`,
    ],
    ...(backup.compressLevel === undefined
      ? []
      : [['compression', `zstd level ${backup.compressLevel} for what is new`] as const]),
    ...backup.warnings.map((warning) => ['warning', warning] as const),
  ]
}

export function backupMs(backup: Pick<BackupSummary, 'startedAt' | 'finishedAt'>): number {
  return new Date(backup.finishedAt).getTime() - new Date(backup.startedAt).getTime()
}
