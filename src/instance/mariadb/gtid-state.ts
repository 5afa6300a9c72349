// Tells a restored MariaDB which transactions its data contains: gtid_slave_pos, and gtid_binlog_state where nothing contradicts it.
import { HoldfastError } from '../../core/errors.ts'
import { GtidPosition } from '../../core/gtid-position.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { GtidStateOptions } from '../dialect.ts'
import { quoteText } from '../sql-text.ts'

export async function setGtidState(
  connection: Connection,
  point: RecoveryPoint,
  { resetBinaryLogs = false, ...options }: GtidStateOptions,
): Promise<void> {
  const { gtid } = point
  if (gtid === undefined) return
  if (gtid.flavour !== 'mariadb') {
    throw new HoldfastError('VERSION_MISMATCH', 'a MySQL GTID set cannot be set on MariaDB', {
      text: gtid.text,
    })
  }
  const [row = {}] = await connection.query('SELECT @@GLOBAL.log_bin AS log_bin', options)
  if (resetBinaryLogs && textOf(row, 'log_bin') === '1') {
    await connection.run('RESET MASTER', options)
    // Only possible while the binary log is empty. New transactions then go on with the numbers of the source.
    await connection.run(`SET GLOBAL gtid_binlog_state = ${quoteText(gtid.text)}`, options)
  }
  const position = resetBinaryLogs ? gtid.text : await merged(connection, gtid.text, options)
  await connection.run(`SET GLOBAL gtid_slave_pos = ${quoteText(position)}`, options)
}

/** Domains that the new state does not name stay where they are. */
async function merged(connection: Connection, text: string, options: StatementOptions): Promise<string> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.gtid_slave_pos AS position', options)
  const wanted = GtidPosition.parse(text)
  return wanted
    .gtids()
    .reduce((position, gtid) => position.advance(gtid), GtidPosition.parse(textOf(row, 'position')))
    .toString()
}
