// Why a source refuses to send its binary log, as the errors users meet.
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { serverErrno } from '../server-error.ts'

/** ER_MASTER_FATAL_ERROR_READING_BINLOG, ER_SOURCE_FATAL_ERROR_READING_BINLOG: one number for everything, told apart by text. */
const fatalErrorReadingBinlog = 1236
/** ER_SLAVE_SAME_ID of MariaDB; MySQL says it with 1236. */
const sameReplicaId = 4052

interface Reason {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly say: (place: string) => string
  readonly hint?: string
}

const duplicate: Reason = {
  pattern: /same server_uuid\/server_id/i,
  code: 'REPOSITORY_LOCKED',
  say: () => 'another archiver of the same repository and source has connected, and this one was sent away',
  hint: 'Run one holdfast stream for each source; this one has stopped, and nothing is lost.',
}

// Texts: sql/rpl_binlog_sender.cc of MySQL, sql/sql_repl.cc of MariaDB.
const reasons: readonly Reason[] = [
  duplicate,
  {
    pattern: /could not find first log file name/i,
    code: 'BINLOG_PURGED',
    say: (place) => `the source no longer has the binary log that the archive goes on from (${place})`,
  },
  {
    pattern: /purged required binary logs/i,
    code: 'BINLOG_PURGED',
    say: (place) => `the source has purged binary logs that the archive needs (${place})`,
  },
  {
    pattern: /position > file size|impossible position|more GTIDs than the/i,
    code: 'ARCHIVE_DIVERGED',
    say: (place) => `the source's binary log is shorter than what was archived of it (${place})`,
    hint: 'The source came back without its last transactions, or was reset; take a new backup of it with holdfast backup.',
  },
  {
    pattern: /binary log is not open/i,
    code: 'BINLOG_OFF',
    say: () => 'the source writes no binary log',
  },
]

/** `place` is where the dump was to start. Errors of other kinds come back as they are. */
export function dumpError(error: unknown, place: string): unknown {
  const errno = serverErrno(error)
  if (!(error instanceof HoldfastError) || errno === undefined) return error
  const reason =
    errno === sameReplicaId
      ? duplicate
      : errno === fatalErrorReadingBinlog
        ? reasons.find(({ pattern }) => pattern.test(error.message))
        : undefined
  if (reason === undefined) {
    if (!endsOfSession.has(errno)) return error
    return new HoldfastError(
      'CONNECTION_LOST',
      `the source ended the stream: ${error.message}`,
      {},
      { cause: error },
    )
  }
  const hint = reason.hint === undefined ? {} : { hint: reason.hint }
  return new HoldfastError(reason.code, reason.say(place), { errno }, { cause: error, ...hint })
}

/** What a source says when it goes down or ends a session: no reason to give up. */
const endsOfSession: ReadonlySet<number> = new Set([
  1053, // ER_SERVER_SHUTDOWN
  1317, // ER_QUERY_INTERRUPTED
  1927, // ER_CONNECTION_KILLED of MariaDB
])
