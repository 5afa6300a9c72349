// The server at the other end: which one it is, how far its binary log has come, and what its clock says.
import { HoldfastError } from '../core/errors.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { numberOf, textOrNull } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'

export interface SourceServer {
  readonly source: SourceIdentity
  readonly serverVersion: string
  /** End of its binary log. */
  readonly position: BinlogPosition
  /** Just before `position` was read; microseconds since 1970 by the server's clock. */
  readonly nowMicros: number
  /** What to add to our clock to get the server's, in milliseconds. */
  readonly clockSkewMillis: number
  /** 'ROW', 'STATEMENT' or 'MIXED': the server's default for new sessions. */
  readonly binlogFormat: string
}

/** Throws BINLOG_OFF, PRIVILEGE_MISSING. */
export async function readSourceServer(
  connection: Connection,
  signal: AbortSignal | undefined,
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
  const uuid = isMysql ? textOrNull(row, 'uuid') : null
  return {
    source: {
      flavour: connection.flavour,
      serverId: numberOf(row, 'id'),
      ...(uuid === null ? {} : { serverUuid: uuid }),
      ...(isMysql ? {} : { gtidDomainId: numberOf(row, 'domain') }),
    },
    serverVersion: connection.serverVersion,
    position: await readPosition(connection, signal),
    nowMicros,
    clockSkewMillis,
    binlogFormat: textOrNull(row, 'format') ?? '',
  }
}

/** Names of the binary log files that the server still has, oldest first. */
export async function listBinaryLogs(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const rows = await connection.query('SHOW BINARY LOGS', { signal })
  return rows.map((row) => textOrNull(row, 'Log_name') ?? '')
}

/** True when the server waits with its commits for a replica that acknowledges. */
export async function waitsForReplicas(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<boolean> {
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
