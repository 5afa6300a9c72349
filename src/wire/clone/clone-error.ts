// Why a donor refuses or ends a clone, as the errors users meet.
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { serverErrno } from '../server-error.ts'

interface Reason {
  readonly code: ErrorCode
  readonly say: string
  readonly hint: string
}

// Numbers and names: messages_to_clients.txt of MySQL.
const reasons: ReadonlyMap<number, Reason> = new Map([
  [
    1047, // ER_UNKNOWN_COM_ERROR: before 8.0.17
    {
      code: 'UNSUPPORTED',
      say: 'the server is too old to know CLONE',
      hint: 'CLONE is of MySQL 8.0.17 and later; use another method: --method dump',
    },
  ],
  [
    1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
    {
      code: 'PRIVILEGE_MISSING',
      say: 'the account may not clone the server',
      hint: 'Run on the server: GRANT BACKUP_ADMIN ON *.* TO <the account>',
    },
  ],
  [
    1524, // ER_PLUGIN_IS_NOT_LOADED
    {
      code: 'UNSUPPORTED',
      say: 'the clone plugin is not installed on the server, and nothing was installed',
      hint: "Run on the server: INSTALL PLUGIN clone SONAME 'mysql_clone.so'; it goes again with UNINSTALL PLUGIN clone",
    },
  ],
  [
    3634, // ER_CLONE_TOO_MANY_CONCURRENT_CLONES
    {
      code: 'LOCK_WAIT',
      say: 'the server is being cloned already, and it allows one at a time',
      hint:
        'Wait for the other one; a clone whose recipient vanished ends after clone_donor_timeout_after_network_failure ' +
        '(5 minutes, where it was not changed).',
    },
  ],
  [
    3872, // ER_CLONE_ENCRYPTION
    {
      code: 'UNSUPPORTED',
      say: 'the server sends encrypted tablespaces over TLS alone',
      hint: 'Connect with --ssl-mode=REQUIRED, or VERIFY_CA and --ssl-ca.',
    },
  ],
  [
    1205, // ER_LOCK_WAIT_TIMEOUT: the backup lock of donors before 8.0.27
    {
      code: 'LOCK_WAIT',
      say: 'the server did not give the backup lock',
      hint: 'A long DDL statement holds it up; see SHOW PROCESSLIST, then run the backup again.',
    },
  ],
])

/** What ends a session at once: no reason to come back for the rest. */
const shutdown = 1053

/** What COM_CLONE was answered with. Other errors come back as they are. */
export function enterError(error: unknown): unknown {
  const errno = serverErrno(error)
  return errno === undefined ? error : (known(errno, error) ?? error)
}

/** What a donor ends a command with. */
export function donorError(errno: number, message: string): HoldfastError {
  return (
    known(errno, undefined) ??
    new HoldfastError(
      'SERVER_ERROR',
      errno === shutdown
        ? 'the server was shut down during the clone'
        : `the server ended the clone: ${message} (errno ${errno})`,
      { errno },
    )
  )
}

function known(errno: number, cause: unknown): HoldfastError | undefined {
  const reason = reasons.get(errno)
  if (reason === undefined) return undefined
  const { code, say, hint } = reason
  return new HoldfastError(code, say, { errno }, cause === undefined ? { hint } : { cause, hint })
}
