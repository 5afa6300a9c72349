// The server at the other end: which one it is, how far its binary log has come, and what its clock says.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { Connection } from '../wire/connection.ts'
import { quoteString } from '../wire/quote.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOrNull } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

export interface SourceServer {
  readonly source: SourceIdentity
  readonly serverVersion: string
  /** Everything committed lies before it. */
  readonly position: BinlogPosition
  /** `position` is the very end of its binary log; otherwise commits that wait for a replica may lie behind it. */
  readonly isLogEnd: boolean
  /** Just before `position` was read; microseconds since 1970 by the server's clock. */
  readonly nowMicros: number
  /** What to add to our clock to get the server's, in milliseconds. */
  readonly clockSkewMillis: number
  /** It waits with its commits for a replica that acknowledges. */
  readonly isWaiting: boolean
  /** 'ROW', 'STATEMENT' or 'MIXED': the server's default for new sessions. */
  readonly binlogFormat: string
}

/** `isAcknowledged`: what waits for a replica may be waiting for us. Throws BINLOG_OFF, PRIVILEGE_MISSING. */
export async function readSourceServer(
  connection: Connection,
  { isAcknowledged, signal }: { readonly isAcknowledged: boolean; readonly signal: AbortSignal | undefined },
): Promise<SourceServer> {
  const isMysql = connection.flavour === 'mysql'
  await connection.run("SET time_zone = '+00:00'", { signal })
  const [row = {}] = await connection.query(
    `SELECT @@global.server_id AS id, @@global.log_bin AS log_bin, @@global.binlog_format AS format,
      ${isMysql ? '@@global.server_uuid AS uuid' : '@@global.gtid_domain_id AS domain'}`,
    { signal },
  )
  if (numberOf(row, 'log_bin') === 0) throw new HoldfastError('BINLOG_OFF', 'the source writes no binary log')
  const sentAt = Date.now()
  // SYSDATE is the real clock; NOW may have been set by the session.
  const [clock = {}] = await connection.query('SELECT UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS micros', {
    signal,
  })
  const nowMicros = Math.round(numberOf(clock, 'micros'))
  const clockSkewMillis = nowMicros / 1000 - (sentAt + Date.now()) / 2
  const isWaiting = await waitsForReplicas(connection, signal)
  const uuid = isMysql ? textOrNull(row, 'uuid') : null
  return {
    source: {
      flavour: connection.flavour,
      serverId: numberOf(row, 'id'),
      ...(uuid === null ? {} : { serverUuid: uuid }),
      ...(isMysql ? {} : { gtidDomainId: numberOf(row, 'domain') }),
    },
    serverVersion: connection.serverVersion,
    isWaiting,
    ...(isAcknowledged && isWaiting && !isMysql
      ? { position: await readLastCommit(connection, signal), isLogEnd: false }
      : { position: await readPosition(connection, signal), isLogEnd: true }),
    nowMicros,
    clockSkewMillis,
    binlogFormat: textOrNull(row, 'format') ?? '',
  }
}

/** Whether the server still has the binary log file; undefined where the account may not see that. */
export async function hasBinaryLog(
  connection: Connection,
  file: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  if (connection.flavour === 'mariadb') {
    // SHOW BINARY LOGS would want LOCK_log: see readLastCommit. NULL where there is no such file.
    const [row] = await connection.query(`SELECT BINLOG_GTID_POS(${quoteString(file)}, 4) AS gtid`, {
      signal,
    })
    return row !== undefined && textOrNull(row, 'gtid') !== null
  }
  try {
    const rows = await connection.query('SHOW BINARY LOGS', { signal })
    return rows.some((row) => textOrNull(row, 'Log_name') === file)
  } catch (error) {
    // REPLICATION SLAVE alone is enough to stream.
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}

/** True when semi-synchronous replication is enabled on the server as a source. */
async function waitsForReplicas(connection: Connection, signal: AbortSignal | undefined): Promise<boolean> {
  const rows = await connection.query("SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%\\_enabled'", {
    signal,
  })
  return rows.some(
    (row) =>
      /_(source|master)_enabled$/.test(textOrNull(row, 'Variable_name') ?? '') &&
      textOrNull(row, 'Value') === 'ON',
  )
}

async function readPosition(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<BinlogPosition> {
  const [row] = await statusRows(connection, signal)
  const file = row === undefined ? null : textOrNull(row, 'File')
  if (row === undefined || file === null)
    throw new HoldfastError('BINLOG_OFF', 'the source writes no binary log')
  return { file, offset: numberOf(row, 'Position') }
}

/**
 * Where the last commit ends. With AFTER_SYNC, MariaDB holds LOCK_log while a second group of commits waits behind the one that
 * waits for a replica (MYSQL_BIN_LOG::trx_group_commit_leader), and SHOW MASTER STATUS and SHOW BINARY LOGS wait for that lock: a
 * replica that asks before it acknowledges waits for itself. These status variables do without it.
 */
async function readLastCommit(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<BinlogPosition> {
  const rows = await connection.query("SHOW GLOBAL STATUS LIKE 'Binlog\\_snapshot\\_%'", { signal })
  const value = (name: string) => {
    const row = rows.find((each) => textOrNull(each, 'Variable_name')?.toLowerCase() === name)
    return row === undefined ? '' : (textOrNull(row, 'Value') ?? '')
  }
  return { file: value('binlog_snapshot_file'), offset: Number(value('binlog_snapshot_position')) }
}

/** ER_PARSE_ERROR: MySQL before 8.2 does not know the new statement, MySQL from 8.4 on not the old one. */
const parseErrno = 1064

async function statusRows(connection: Connection, signal: AbortSignal | undefined): Promise<readonly Row[]> {
  if (connection.flavour === 'mariadb') return connection.query('SHOW MASTER STATUS', { signal })
  try {
    return await connection.query('SHOW BINARY LOG STATUS', { signal })
  } catch (error) {
    if (serverErrno(error) !== parseErrno) throw error
    return connection.query('SHOW MASTER STATUS', { signal })
  }
}

/** True for one and the same server, as far as it can be told without looking into its log. */
export function isSameServer(a: SourceIdentity, b: SourceIdentity): boolean {
  if (a.flavour !== b.flavour) return false
  if (a.flavour === 'mysql') return a.serverUuid === b.serverUuid
  return a.serverId === b.serverId
}
