// Rows of versioned tables that still hold, between servers that write "still" in another way.
import type { BackupSource } from '../../core/backup.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import type { LogicalContent } from '../content.ts'
import { ChangedRows } from './changed-rows.ts'
import type { RowChange } from './row-change.ts'
import { featuresOf, type ServerKind } from './server-features.ts'

/**
 * MariaDB 11.5 moved the end of TIMESTAMP from 2038 to 2106: rows that hold until the one are rows of the past to servers that know the
 * other, and would be gone from the table.
 */
export function withEndOfTime(
  backup: BackupSource,
  content: LogicalContent,
  target: ServerKind,
): BackupSource {
  const { flavour, serverVersion } = backup.origin
  const source = { flavour, version: serverVersion, release: releaseNumber(serverVersion) }
  const to = featuresOf(target).endOfTime
  if (flavour !== target.flavour || featuresOf(source).endOfTime === to) return backup
  const changes = new Map<string, RowChange>()
  for (const { tables } of content.schemas) {
    for (const { hasHistory, object } of tables)
      if (hasHistory && object !== undefined) changes.set(object, { kind: 'end-of-time', to })
  }
  if (changes.size === 0) return backup
  const rows = new ChangedRows(backup, changes)
  return {
    content: backup.content,
    origin: backup.origin,
    point: backup.point,
    objectNames: () => backup.objectNames(),
    object: (name, signal) => rows.object(name, signal),
    getChunk: (id, signal) => rows.getChunk(id, signal),
  }
}
