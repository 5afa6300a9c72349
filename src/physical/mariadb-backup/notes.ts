// What mariadb-backup notes beside the files: where in the binary log they stand, and what kind of backup it is.
import { HoldfastError } from '../../core/errors.ts'
import type { BinlogPosition } from '../../core/recovery-point.ts'

/** Undefined for a server without a binary log. Throws FAILED where there is a note and it cannot be read. */
export function binlogPosition(notes: ReadonlyMap<string, string>): BinlogPosition | undefined {
  const fields = binlogFields(notes)
  if (fields === undefined) return undefined
  const [file = '', offset = ''] = fields
  if (file !== '' && /^\d+$/.test(offset)) return { file, offset: Number(offset) }
  throw new HoldfastError(
    'FAILED',
    `mariadb-backup notes a binary log position that cannot be read: ${JSON.stringify(fields.join('\t'))}`,
  )
}

/** Undefined where the server had none. On MariaDB those of all servers that it replicates are among them. */
export function binlogGtid(notes: ReadonlyMap<string, string>): string | undefined {
  const text = binlogFields(notes)?.[2]?.replaceAll(/\s/g, '')
  return text === undefined || text === '' ? undefined : text
}

/** File, offset and GTIDs, divided by tabs; MySQL's may go on for several lines. */
function binlogFields(notes: ReadonlyMap<string, string>): readonly string[] | undefined {
  const text = notes.get('binlog_info')?.trim()
  return text === undefined || text === '' ? undefined : text.split('\t')
}

/** A note of lines `name = value`. Empty where there is none. */
export function settingsIn(notes: ReadonlyMap<string, string>, name: string): ReadonlyMap<string, string> {
  const lines = (notes.get(name) ?? '').split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      return key === '' ? [] : [[key, value] as const]
    }),
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
  const kind = settingsIn(notes, 'checkpoints').get('backup_type')
  if (kind === 'full-backuped') return
  throw new HoldfastError(
    'UNSUPPORTED',
    `the stream is a backup of type ${kind ?? 'unknown'}, and only full ones are taken`,
  )
}
