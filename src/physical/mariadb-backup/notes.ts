// What mariadb-backup notes beside the files: where in the binary log they stand, and what kind of backup it is.
import { HoldfastError } from '../../core/errors.ts'
import type { BinlogPosition } from '../../core/recovery-point.ts'

/** Undefined for a server without a binary log. Throws FAILED where there is a note and it cannot be read. */
export function binlogPosition(notes: ReadonlyMap<string, string>): BinlogPosition | undefined {
  const text = notes.get('binlog_info')
  if (text === undefined || text.trim() === '') return undefined
  // File, offset and GTID position, divided by tabs.
  const [file = '', offset = ''] = text.trim().split('\t')
  if (file !== '' && /^\d+$/.test(offset)) return { file, offset: Number(offset) }
  throw new HoldfastError(
    'FAILED',
    `mariadb-backup notes a binary log position that cannot be read: ${JSON.stringify(text)}`,
  )
}

/** Throws UNSUPPORTED for an increment, whose files are differences, and FAILED where the stream says nothing of itself. */
export function requireFullBackup(notes: ReadonlyMap<string, string>): void {
  const checkpoints = notes.get('checkpoints')
  if (checkpoints === undefined) {
    throw new HoldfastError(
      'FAILED',
      'the stream has no note of its checkpoints: it is no whole backup of mariadb-backup',
    )
  }
  const kind = /^backup_type\s*=\s*(\S+)/m.exec(checkpoints)?.[1]
  if (kind === 'full-backuped') return
  throw new HoldfastError(
    'UNSUPPORTED',
    `the stream is a backup of type ${kind ?? 'unknown'}, and only full ones are taken`,
  )
}
