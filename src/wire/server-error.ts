// A server's ERR packet as the error users meet: which code it is, with errno, SQLSTATE and the statement.
import type { ErrorCode } from '../core/error-codes.table.ts'
import { HoldfastError } from '../core/errors.ts'
import type { ErrPacket } from './packets/err.ts'
import { redactMessage, redactStatement } from './redact.ts'

/** Error numbers that stand for something more precise than SERVER_ERROR. Names: errmsg-utf8.txt of both servers. */
const codeOfErrno: ReadonlyMap<number, ErrorCode> = new Map([
  [1044, 'PRIVILEGE_MISSING'], // ER_DBACCESS_DENIED_ERROR
  [1045, 'PRIVILEGE_MISSING'], // ER_ACCESS_DENIED_ERROR in a statement: the FILE privilege
  [1053, 'CONNECTION_LOST'], // ER_SERVER_SHUTDOWN
  [1095, 'PRIVILEGE_MISSING'], // ER_KILL_DENIED_ERROR
  [1142, 'PRIVILEGE_MISSING'], // ER_TABLEACCESS_DENIED_ERROR
  [1143, 'PRIVILEGE_MISSING'], // ER_COLUMNACCESS_DENIED_ERROR
  [1227, 'PRIVILEGE_MISSING'], // ER_SPECIFIC_ACCESS_DENIED_ERROR
  [1370, 'PRIVILEGE_MISSING'], // ER_PROCACCESS_DENIED_ERROR
  [1410, 'PRIVILEGE_MISSING'], // ER_CANT_CREATE_USER_WITH_GRANT
  [1419, 'PRIVILEGE_MISSING'], // ER_BINLOG_CREATE_ROUTINE_NEED_SUPER
  [1927, 'CONNECTION_LOST'], // ER_CONNECTION_KILLED (MariaDB): sent when there is time for it, before the connection is closed
])

const codeOfLoginErrno: ReadonlyMap<number, ErrorCode> = new Map([
  [1040, 'SOURCE_UNREACHABLE'], // ER_CON_COUNT_ERROR: too many connections
  [1043, 'SOURCE_UNREACHABLE'], // ER_HANDSHAKE_ERROR
  [1044, 'PRIVILEGE_MISSING'], // ER_DBACCESS_DENIED_ERROR: the default schema
  [1045, 'ACCESS_DENIED'], // ER_ACCESS_DENIED_ERROR
  [1049, 'CONFIG_INVALID'], // ER_BAD_DB_ERROR: the default schema
  [1053, 'SOURCE_UNREACHABLE'], // ER_SERVER_SHUTDOWN
  [1129, 'SOURCE_UNREACHABLE'], // ER_HOST_IS_BLOCKED
  [1130, 'ACCESS_DENIED'], // ER_HOST_NOT_PRIVILEGED
  [1203, 'SOURCE_UNREACHABLE'], // ER_TOO_MANY_USER_CONNECTIONS
  [1226, 'SOURCE_UNREACHABLE'], // ER_USER_LIMIT_REACHED
  [1251, 'AUTH_PLUGIN_UNSUPPORTED'], // ER_NOT_SUPPORTED_AUTH_MODE
  [1524, 'AUTH_PLUGIN_UNSUPPORTED'], // ER_PLUGIN_IS_NOT_LOADED: the account's plugin
  [1698, 'ACCESS_DENIED'], // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  [1820, 'ACCESS_DENIED'], // ER_MUST_CHANGE_PASSWORD
  [1862, 'ACCESS_DENIED'], // ER_MUST_CHANGE_PASSWORD_LOGIN
  [3118, 'ACCESS_DENIED'], // ER_ACCOUNT_HAS_BEEN_LOCKED (MySQL)
  [3159, 'TLS_FAILED'], // ER_SECURE_TRANSPORT_REQUIRED (MySQL)
  [4151, 'ACCESS_DENIED'], // ER_ACCOUNT_HAS_BEEN_LOCKED (MariaDB)
  [3955, 'ACCESS_DENIED'], // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK (MySQL)
])

/** ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED: the server is up, and has no connection for us. */
const connectionLimitErrnos: ReadonlySet<number> = new Set([1040, 1203, 1226])
const connectionLimitHint =
  'Use fewer connections (--threads), wait for others to end, or raise the limit (max_connections, or that of the account).'

/** An error the server sent while we logged in. */
export function loginError(err: ErrPacket, peer: string): HoldfastError {
  const code = codeOfLoginErrno.get(err.errno) ?? 'SOURCE_UNREACHABLE'
  return new HoldfastError(
    code,
    `${peer} refused the login: ${err.message} (errno ${err.errno})`,
    { errno: err.errno, sqlState: err.sqlState },
    connectionLimitErrnos.has(err.errno) ? { hint: connectionLimitHint } : {},
  )
}

/** An error the server sent to a statement, or to a command without one. Passwords in the statement are not shown. */
export function serverError(
  err: ErrPacket,
  statement: string | undefined,
  details: Readonly<Record<string, number>> = {},
): HoldfastError {
  const code = codeOfErrno.get(err.errno) ?? 'SERVER_ERROR'
  const shown = statement === undefined ? undefined : redactStatement(statement)
  const where = shown === undefined ? '' : ` in: ${shown}`
  return new HoldfastError(code, `${redactMessage(err.message, statement)} (errno ${err.errno})${where}`, {
    errno: err.errno,
    sqlState: err.sqlState,
    statement: shown,
    ...details,
  })
}

/** The server's error number, when `error` came from a server. */
export function serverErrno(error: unknown): number | undefined {
  if (!(error instanceof HoldfastError)) return undefined
  const { errno } = error.details
  return typeof errno === 'number' ? errno : undefined
}
