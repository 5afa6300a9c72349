// How a server says that a transaction is larger than it takes, and which of its variables says how large that is.
import { HoldfastError } from '../core/errors.ts'
import { quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

interface TransactionLimit {
  readonly variable: string
  readonly errno: number
  /** Where the number alone stands for other things too. */
  readonly message?: RegExp
}

const limits: readonly TransactionLimit[] = [
  { variable: 'max_binlog_cache_size', errno: 1197 }, // ER_TRANS_CACHE_FULL
  { variable: 'max_binlog_stmt_cache_size', errno: 1705 }, // ER_STMT_CACHE_FULL: engines without transactions
  // ER_RUN_HOOK_ERROR: before_commit of group replication, with nothing more to the client than that.
  { variable: 'group_replication_transaction_size_limit', errno: 3100, message: /before_commit/ },
  { variable: 'group_replication_transaction_size_limit', errno: 3231 }, // ER_WRITE_SET_EXCEEDS_LIMIT
  // ER_ERROR_DURING_COMMIT of Galera: EIO from the server's own check of the size, EMSGSIZE from the provider's.
  { variable: 'wsrep_max_ws_size', errno: 1180, message: /^Got error (?:5|90)\b/ },
  // ER_UNKNOWN_ERROR: wsrep_override_error() in MariaDB's wsrep_thd.h, and in MySQL with Galera.
  { variable: 'wsrep_max_ws_size', errno: 1105, message: /^Maximum writeset size exceeded/ },
]

/** The variable that sets the limit which this error of the server tells of; undefined for every other error. */
export function exceededLimit(error: unknown): string | undefined {
  const errno = serverErrno(error)
  if (!(error instanceof Error)) return undefined
  return limits.find(
    (limit) => limit.errno === errno && (limit.message === undefined || limit.message.test(error.message)),
  )?.variable
}

/** What was sent when the server refused it, and the reason why less will not be tried. */
export interface RefusedText {
  readonly name: string
  readonly bytes: number
  readonly reason: 'one row' | 'not transactional' | 'split by the server'
  readonly engine: string
}

/** @returns HoldfastError UNSUPPORTED where nothing of it stays, SERVER_ERROR where rows may be left */
export async function limitError(
  connection: Connection,
  variable: string,
  { name, bytes, reason, engine }: RefusedText,
  cause: unknown,
): Promise<HoldfastError> {
  const value = await globalVariable(connection, variable)
  const details = { errno: serverErrno(cause), variable, value, bytes }
  const known = value === undefined ? variable : `${variable} = ${value}`
  if (reason === 'one row') {
    return new HoldfastError(
      'UNSUPPORTED',
      `a row of ${name} (${bytes} bytes of text) is larger than a transaction may be on the target (${known})`,
      details,
      {
        cause,
        hint: `Raise ${variable} on the target, and run the same command again: it goes on from here.`,
      },
    )
  }
  const why =
    reason === 'not transactional'
      ? `its engine ${engine} cannot undo a statement`
      : 'wsrep_load_data_splitting is on there, so a statement is not undone as a whole'
  const also = reason === 'not transactional' ? '' : ', set wsrep_load_data_splitting = OFF'
  return new HoldfastError(
    'SERVER_ERROR',
    `${name} may be loaded in part: a statement was larger than the target takes (${known}), and ${why}`,
    details,
    {
      cause,
      hint: `Raise ${variable} on the target${also}, and run the same command again.`,
    },
  )
}

/** Galera may commit LOAD DATA every 10,000 rows (wsrep_load_data_splitting, off by default, gone in MariaDB 11.5). */
export async function isLoadSplitByServer(connection: Connection): Promise<boolean> {
  return (await globalVariable(connection, 'wsrep_load_data_splitting')) === 'ON'
}

/** Undefined where the server has no such variable. */
async function globalVariable(connection: Connection, name: string): Promise<string | undefined> {
  const [row] = await connection.query(`SHOW GLOBAL VARIABLES WHERE Variable_name = ${quoteText(name)}`)
  return row === undefined ? undefined : textOf(row, 'Value')
}
