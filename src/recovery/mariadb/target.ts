// A MariaDB server as the target of a replay: its binary log, or else a table, says what it has.
import { formatMariadbGtid, GtidPosition, parseMariadbGtid } from '../../core/gtid-position.ts'
import type { GtidState, RecoveryPoint } from '../../core/recovery-point.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import type { ReplayTarget, TargetOptions } from '../apply/replay-target.ts'
import { formatXid } from '../apply/xid.ts'
import { mariadbDialect } from './dialect.ts'

/**
 * With a binary log, each transaction and its GTID are one change: gtid_binlog_pos survives any crash with the data. Without, the
 * GTID is written into mysql.gtid_slave_pos within the transaction itself, as MariaDB's own replicas do.
 */
export async function mariadbTarget(connection: Connection, options: TargetOptions): Promise<ReplayTarget> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.log_bin AS log_bin', options)
  const hasLog = textOf(row, 'log_bin') === '1'
  const marks = hasLog ? undefined : await readMarks(connection, options)
  const executed = marks?.state ?? (await readBinlogPosition(connection, options))
  return {
    dialect: mariadbDialect(marks === undefined ? undefined : marking(marks.lastSubId)),
    executed,
    toleratedAtFirst: doneBefore,
    preparedXids: await readPreparedXids(connection, options),
    // Duplicates of numbers appear where CREATE TABLE … SELECT is two transactions; triggers have fired on the source.
    globals: { gtid_strict_mode: '0', slave_run_triggers_for_rbr: "'NO'" },
    settle: (end, options) => settle(connection, end, hasLog, options),
  }
}

async function readBinlogPosition(connection: Connection, options: TargetOptions): Promise<GtidState> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.gtid_binlog_pos AS text', options)
  return { flavour: 'mariadb', text: GtidPosition.parse(textOf(row, 'text')).toString() }
}

async function readPreparedXids(
  connection: Connection,
  options: TargetOptions,
): Promise<ReadonlySet<string>> {
  const rows = await connection.query('XA RECOVER', options)
  return new Set(
    rows.map((row) => {
      const data = Buffer.from(textOf(row, 'data'))
      const globalBytes = numberOf(row, 'gtrid_length')
      return formatXid(numberOf(row, 'formatID'), data.subarray(0, globalBytes), data.subarray(globalBytes))
    }),
  )
}

/** The server reads this table when it starts; what is written there by SQL it sees no earlier, so the table is asked. */
async function readMarks(
  connection: Connection,
  options: TargetOptions,
): Promise<{ readonly state: GtidState; readonly lastSubId: bigint }> {
  const rows = await connection.query(
    'SELECT domain_id, server_id, seq_no, sub_id FROM mysql.gtid_slave_pos ORDER BY domain_id, sub_id',
    options,
  )
  const position = GtidPosition.of(
    rows.map((row) => ({
      domainId: numberOf(row, 'domain_id'),
      serverId: numberOf(row, 'server_id'),
      sequence: BigInt(textOf(row, 'seq_no')),
    })),
  )
  const subIds = rows.map((row) => BigInt(textOf(row, 'sub_id')))
  return {
    state: { flavour: 'mariadb', text: position.toString() },
    lastSubId: subIds.reduce((a, b) => (a > b ? a : b), 0n),
  }
}

// Rows that are out of date are deleted in batches: one DELETE for each transaction would cost as much as the INSERT.
const marksKept = 500n

function marking(lastSubId: bigint): (gtid: string) => readonly string[] {
  let subId = lastSubId
  const oldestByDomain = new Map<number, bigint>()
  return (text) => {
    const { domainId, serverId, sequence } = parseMariadbGtid(text)
    subId++
    const insert =
      'INSERT INTO mysql.gtid_slave_pos (domain_id,sub_id,seq_no,server_id) ' +
      `VALUES (${domainId},${subId},${sequence},${serverId})`
    const oldest = oldestByDomain.get(domainId) ?? subId
    oldestByDomain.set(domainId, oldest)
    if (subId - oldest < marksKept) return [insert]
    oldestByDomain.set(domainId, subId)
    return [insert, `DELETE FROM mysql.gtid_slave_pos WHERE domain_id=${domainId} AND sub_id<${subId}`]
  }
}

async function settle(
  connection: Connection,
  end: RecoveryPoint,
  hasLog: boolean,
  options: TargetOptions,
): Promise<GtidState | undefined> {
  const executed = hasLog
    ? await readBinlogPosition(connection, options)
    : (await readMarks(connection, options)).state
  const { gtid } = end
  // What is not as planned is left as it is: whoever asked will say so.
  if (
    gtid?.flavour === 'mariadb' &&
    GtidPosition.parse(gtid.text).containsAll(GtidPosition.parse(executed.text))
  ) {
    const text = GtidPosition.parse(gtid.text).gtids().map(formatMariadbGtid).join(',')
    await connection.run(`SET GLOBAL gtid_slave_pos='${text}'`, options)
  }
  return executed
}

// A crash between a statement and its mark leaves it done and unmarked. Done again it fails with one of these: a database (1007,
// 1008), table (1050, 1051, 1146), column (1060), key (1061, 1091), routine (1304, 1305), trigger (1359, 1360), account (1396) or
// event (1537, 1539) that is there or is not, or an XA transaction that is no longer prepared (1397).
const doneBefore: ReadonlySet<number> = new Set([
  1007, 1008, 1050, 1051, 1060, 1061, 1091, 1146, 1304, 1305, 1359, 1360, 1396, 1397, 1537, 1539,
])
