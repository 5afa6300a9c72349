// What each file of a data directory is, and whether it belongs to a backup of its server.
import type { FileContent } from '../content.ts'

export type Belonging =
  | { readonly kind: 'take'; readonly as: FileContent['kind'] }
  /** Nothing that is missed: the server makes it anew. */
  | { readonly kind: 'skip' }
  /** Something that somebody may look for. */
  | { readonly kind: 'leave-out'; readonly why: string }

const skip = { kind: 'skip' } as const

/**
 * In order: the first that matches counts. Paths are relative to the data directory, and a folder's ends with a slash: none of these may match `name/` of
 * letters, digits and underscores, which may be a schema.
 */
const rules: readonly (readonly [RegExp, Belonging])[] = [
  [/^(ibtmp\d+|#innodb_temp\/.+|#binlog_cache_files\/.+|#file_purge_.*)$/, skip],
  // Spare redo files, made ahead.
  [/^#innodb_redo\/#ib_redo\d+_tmp$/, skip],
  [/(^|\/)lost\+found(\/|$)/, skip],
  [/\.(pid|sock|lock|lower-test)$/, skip],
  [/(^|\/)core(\.\d+)?$/, skip],
  [/^(#meb|#ib_archive)\//, skip],
  [/\.err$|^[^/]*-slow\.log$/, { kind: 'leave-out', why: 'it is a log for people' }],
  [/^ibdata\d*$|\.ibd$/, { kind: 'take', as: 'tablespace' }],
  [/^undo_?\d+$|\.ibu$/, { kind: 'take', as: 'undo' }],
  [/^(ib_logfile\d+|#innodb_redo\/#ib_redo\d+)$/, { kind: 'take', as: 'redo' }],
  [/\.(frm|par|MYD|MYI|MAD|MAI|CSV|CSM|ARM|ARZ|MRG|TRG|TRN|isl|sdi|opt)$/, { kind: 'take', as: 'table' }],
  [/^aria_log[^/]*$/, { kind: 'take', as: 'table' }],
  [/^(auto|mysqld-auto)\.cnf$/, { kind: 'take', as: 'identity' }],
  // The manifest of components: what names the keyring to MySQL.
  [/\.cnf$|^mysqld\.my$/, { kind: 'take', as: 'options' }],
  [/\.pem$/, { kind: 'take', as: 'certificate' }],
  [/(^|\/)(component_)?keyring/, { kind: 'take', as: 'keyring' }],
]

/** Of a server that was shut down cleanly. */
const restRules: typeof rules = [
  // The doublewrite buffer, which is for pages that were torn by a crash.
  [/^(#ib_\d+_\d+\.dblwr|#ib_\d+_\d+\.bdblwr)$/, skip],
  [/(^|\/)#sql[-_]/, { kind: 'leave-out', why: 'it is what an interrupted ALTER TABLE left' }],
  ...rules,
]

/**
 * As which state of its server the files are to be taken. `crashed`: it ran, and recovery wants all that it had in hand: halves of an ALTER TABLE, and pages that
 * were being written.
 */
export type FilesOf = 'shut-down' | 'crashed'

/** `path`: with a slash behind that of a folder. `binlogs`: names of binary and relay logs with their indexes, as the indexes have them. */
export function classifyFile(
  path: string,
  binlogs: ReadonlyMap<string, FileContent['kind']>,
  state: FilesOf = 'shut-down',
): Belonging {
  const log = binlogs.get(path)
  if (log !== undefined) return { kind: 'take', as: log }
  const rule = (state === 'crashed' ? rules : restRules).find(([pattern]) => pattern.test(path))
  return rule?.[1] ?? { kind: 'take', as: 'other' }
}
