// Tells a restored MariaDB which transactions its data contains: gtid_slave_pos, and gtid_binlog_state where nothing contradicts it.
import { HoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
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
  await connection.run(`SET GLOBAL gtid_slave_pos = ${quoteText(gtid.text)}`, options)
}
