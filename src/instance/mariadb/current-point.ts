// Where MariaDB's history stands: file and offset from one statement, the GTID position from another, made to belong together.

import { isHoldfastError } from '../../core/errors.ts'
import { GtidPosition } from '../../core/gtid-position.ts'
import type { BinlogPosition, RecoveryPoint } from '../../core/recovery-point.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import type { Row } from '../../wire/results.ts'
import { numberOf, textOf, textOrNull } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import { serverTimeMicros } from '../server-time.ts'
import { quoteText } from '../sql-text.ts'

const attempts = 20

export async function currentPoint(
  connection: SqlSession,
  options: StatementOptions,
): Promise<RecoveryPoint> {
  for (let attempt = 0; ; attempt++) {
    const before = await gtidBinlogPos(connection, options)
    const position = await binlogPosition(connection, options)
    const after = await gtidBinlogPos(connection, options)
    const timeMicros = await serverTimeMicros(connection, options)
    if (position === undefined) {
      return after === '' ? { timeMicros } : { gtid: { flavour: 'mariadb', text: after }, timeMicros }
    }
    const text =
      before === after ? after : await gtidPositionAt(connection, position, { before, after }, options)
    if (text !== undefined || attempt === attempts) {
      return {
        position,
        ...(text === undefined ? {} : { gtid: { flavour: 'mariadb', text } }),
        timeMicros,
      }
    }
  }
}

export async function gtidBinlogPos(connection: SqlSession, options: StatementOptions): Promise<string> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.gtid_binlog_pos AS pos', options)
  return textOf(row, 'pos')
}

/**
 * The GTID position at a place in the binary log, which lies between two known ones. BINLOG_GTID_POS() answers NULL when it cannot read
 * the file, and was seen to answer an older position: what does not lie between is not believed.
 */
export async function gtidPositionAt(
  connection: SqlSession,
  position: BinlogPosition,
  bounds: { readonly before: string; readonly after: string },
  options: StatementOptions,
): Promise<string | undefined> {
  const [row = {}] = await connection.query(
    `SELECT BINLOG_GTID_POS(${quoteText(position.file)}, ${position.offset}) AS pos`,
    options,
  )
  const text = textOrNull(row, 'pos')
  if (text === null) return undefined
  const found = GtidPosition.parse(text)
  const isBetween =
    found.containsAll(GtidPosition.parse(bounds.before)) &&
    GtidPosition.parse(bounds.after).containsAll(found)
  return isBetween ? text : undefined
}

async function binlogPosition(
  connection: SqlSession,
  options: StatementOptions,
): Promise<BinlogPosition | undefined> {
  const row = await binaryLogStatus(connection, options)
  return row === undefined ? undefined : { file: textOf(row, 'File'), offset: numberOf(row, 'Position') }
}

/** Undefined without the privilege for it, and without a binary log. */
export async function binaryLogStatus(
  connection: SqlSession,
  options: StatementOptions,
): Promise<Row | undefined> {
  try {
    const [row] = await connection.query('SHOW MASTER STATUS', options)
    return row
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}
