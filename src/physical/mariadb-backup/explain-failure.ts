// What mariadb-backup says when it fails, as one of our errors with the cause that it means.
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { lastLines } from '../../process/run-program.ts'
import type { ProgramEnd } from '../../process/start-program.ts'
import type { BackupProgramName } from './backup-program.ts'

interface Cause {
  readonly message: RegExp
  readonly code: ErrorCode
  readonly says: string
  readonly hint?: string
}

/** The first whose message is found counts. */
const causes: readonly Cause[] = [
  {
    message: /missing required privilege (\S+ ?\S*) on|Access denied; you need .*?the (.*?) privilege/i,
    code: 'PRIVILEGE_MISSING',
    says: 'the account lacks a privilege that mariadb-backup needs',
    hint: 'Grant RELOAD, PROCESS, LOCK TABLES and BINLOG MONITOR on *.* to it.',
  },
  {
    message: /Was only able to copy log from|redo log.*(?:overwritten|wrapped)|log block numbers mismatch/i,
    code: 'FAILED',
    says: 'the server wrote over its redo log before all of it was copied',
    hint: 'Raise innodb_log_file_size, or take the backup when fewer writes come.',
  },
  {
    message: /No space left on device|errno: 28\b/i,
    code: 'DISK_FULL',
    says: 'mariadb-backup ran out of space for its own files',
  },
  {
    message: /corrupted innodb pages|page corruption|failed to read page|is corrupted/i,
    code: 'PAGE_DAMAGED',
    says: 'a page of the source has a wrong checksum',
  },
  {
    message: /Permission denied|Can't change dir to|errno: 13\b/i,
    code: 'FAILED',
    says: 'mariadb-backup may not read the data directory',
    hint: 'Run Holdfast on the database host, as the account of the server or as root.',
  },
]

/** `doing`: what it was started for, e.g. `back up the server`. */
export function explainFailure(
  program: BackupProgramName,
  doing: string,
  { status, said }: ProgramEnd,
): HoldfastError {
  const cause = causes.find(({ message }) => message.test(said))
  const words = tellingLines(said) || `it ended with status ${status} and said nothing`
  return new HoldfastError(
    cause?.code ?? 'FAILED',
    `${program} could not ${doing}: ${cause === undefined ? words : `${cause.says} (${words})`}`,
    { status },
    cause?.hint === undefined ? {} : { hint: cause.hint },
  )
}

/** Its errors among its many notes; its last words where none is marked as one. */
function tellingLines(said: string): string {
  const errors = said.split('\n').filter((line) => /error|fatal|missing required|denied/i.test(line))
  return lastLines(errors.length === 0 ? said : errors.join('\n'), 2).replaceAll(
    /\[\d\d\] [-\d]+ [:\d]+ +/g,
    '',
  )
}
