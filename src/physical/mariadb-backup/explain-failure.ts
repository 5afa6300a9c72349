// What mariadb-backup says when it fails, as one of our errors with the cause that it means.
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { lastLines } from '../../process/run-program.ts'
import type { ProgramEnd } from '../../process/start-program.ts'
import type { BackupProgramName } from './backup-program.ts'

interface Cause {
  readonly code: ErrorCode
  readonly says: string
  readonly hint?: string
}

/** What is known of the server. */
export interface FailureFacts {
  /** innodb_log_file_size. */
  readonly logBytes?: number
}

type Explain = (found: readonly string[], said: string, facts: FailureFacts) => Cause

/** The first whose message is found counts. */
const causes: readonly (readonly [message: RegExp, explain: Explain])[] = [
  [
    /missing required privilege (\S+ ?\S*) on|Access denied; you need .*?the (.*?) privilege/i,
    () => ({
      code: 'PRIVILEGE_MISSING',
      says: 'the account lacks a privilege that mariadb-backup needs',
      hint: 'Grant RELOAD, PROCESS, LOCK TABLES and BINLOG MONITOR on *.* to it.',
    }),
  ],
  [/Was only able to copy log from (\d+) to (\d+), not (\d+)/, explainLog],
  [
    /redo log.*(?:overwritten|wrapped)|log block numbers mismatch/i,
    () => ({ ...overwritten, says: 'the server wrote over its redo log before all of it was copied' }),
  ],
  [
    /No space left on device|errno: 28\b/i,
    () => ({ code: 'DISK_FULL', says: 'mariadb-backup ran out of space for its own files' }),
  ],
  [
    /failed to read page after .*File (\S+) seems to be corrupted/,
    ([, file = ''], said) => {
      const pages = [...said.matchAll(/page corruption detected at page (\d+), retrying/g)]
      const page = pages.at(-1)?.[1] ?? 'a page'
      return {
        code: 'PAGE_DAMAGED',
        says: `page ${page} of ${file.replace(/^\.\//, '')} has a wrong checksum on the server, however often it is read`,
      }
    },
  ],
  [
    /corrupted innodb pages|page corruption|is corrupted/i,
    () => ({ code: 'PAGE_DAMAGED', says: 'a page of the source has a wrong checksum' }),
  ],
  [
    /Failed to connect to MariaDB server/,
    () => ({ code: 'SOURCE_UNREACHABLE', says: 'it could not connect to the server' }),
  ],
  [
    /server has gone away|Lost connection to/i,
    () => ({ code: 'CONNECTION_LOST', says: 'the server went away meanwhile' }),
  ],
  [
    /Permission denied|Can't change dir to|errno: 13\b/i,
    () => ({
      code: 'FAILED',
      says: 'mariadb-backup may not read the data directory',
      hint: 'Run Holdfast on the database host, as the account of the server or as root.',
    }),
  ],
]

const overwritten = {
  code: 'FAILED',
  hint: 'Raise innodb_log_file_size, or take the backup when fewer writes come.',
} as const

/**
 * The program advises a greater log whatever the cause. Its log thread may also have stopped short of what the server says it wrote, with
 * nothing lost (MDEV-36159, MDEV-39468): only where there is more than the log holds can any of it have been overwritten.
 */
function explainLog(
  [, , copied = '0', wanted = '0']: readonly string[],
  _: string,
  { logBytes }: FailureFacts,
): Cause {
  const missing = Number(wanted) - Number(copied)
  if (logBytes !== undefined && missing < logBytes) {
    return {
      code: 'FAILED',
      says: `mariadb-backup stopped ${missing} bytes before the end of the redo log, though the server had not written over them`,
      hint: 'Run the backup again, and with a newer release of the series if it comes back; a greater innodb_log_file_size would not help.',
    }
  }
  return {
    ...overwritten,
    says: `the server wrote over ${missing} bytes of its redo log before they were copied`,
  }
}

/** `doing`: what it was started for, e.g. `back up the server`. */
export function explainFailure(
  program: BackupProgramName,
  doing: string,
  { status, said }: ProgramEnd,
  facts: FailureFacts = {},
): HoldfastError {
  const cause = causeOf(said, facts)
  const words = tellingLines(said) || `it ended with status ${status} and said nothing`
  return new HoldfastError(
    cause?.code ?? 'FAILED',
    `${program} could not ${doing}: ${cause === undefined ? words : `${cause.says} (${words})`}`,
    { status },
    cause?.hint === undefined ? {} : { hint: cause.hint },
  )
}

function causeOf(said: string, facts: FailureFacts): Cause | undefined {
  for (const [message, explain] of causes) {
    const found = message.exec(said)
    if (found !== null) return explain(found, said, facts)
  }
  return undefined
}

/** Its errors among its many notes; its last words where none is marked as one. */
function tellingLines(said: string): string {
  const errors = said
    .split('\n')
    .filter((line) => /error|fatal|missing required|denied|only able to/i.test(line))
  return lastLines(errors.length === 0 ? said : errors.join('\n'), 2).replaceAll(
    /\[\d\d\] [-\d]+ [:\d]+ +/g,
    '',
  )
}
