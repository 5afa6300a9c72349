// Whether a directory that is to be written over is the data directory of one server: what is not in the backup goes, be it somebody's home or another server.
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { ExistingFile } from './existing-files.ts'

/** Two of these, damaged as it may be: a single file may have been laid anywhere. */
const signs: readonly RegExp[] = [
  /^(?:ibdata\d+|mysql\.ibd)$/,
  /^(?:ib_logfile0|#innodb_redo\/#ib_redo\d+)$/,
  /^undo_?001$/,
  /^(?:auto\.cnf|aria_log_control)$/,
  // The schema with dictionary and accounts.
  /^mysql\/[^/]+\.(?:frm|MA[DI]|MY[DI]|CS[MV]|ibd|sdi)$/,
]
const wantedSigns = 2

/** In a folder, they are of another server; mysql.ibd may be a table. */
const ofAnother = /\/(?:ibdata1|ib_logfile0|aria_log_control|auto\.cnf)$/

/** Throws TARGET_NOT_EMPTY for any other, and for one with another server's directory in it. */
export function requireServersDirectory(directory: string, files: readonly ExistingFile[]): void {
  const has = (pattern: RegExp): boolean => files.some((file) => pattern.test(file.path))
  const inner = files.find((file) => ofAnother.test(file.path))
  if (signs.filter(has).length < wantedSigns) {
    const where = inner === undefined ? '' : ` (${path.join(directory, path.dirname(inner.path))} may be one)`
    throw refused(
      directory,
      `${directory} is not the data directory of a server: too little of ibdata1, a redo log, undo tablespaces, auto.cnf or aria_log_control, and a schema mysql is in it${where}`,
      '--in-place is for the damaged directory of a server. Where it was one, move what is left of it away, and restore into the empty directory.',
    )
  }
  if (inner === undefined) return
  throw refused(
    directory,
    `${directory} has another server's files in it, ${inner.path}, which would be lost`,
    'Name the directory of the one server; or move the other one out of it first.',
  )
}

function refused(directory: string, what: string, hint: string): HoldfastError {
  return new HoldfastError('TARGET_NOT_EMPTY', what, { directory }, { hint: `${hint} Nothing was changed.` })
}
