// Where an instance's history stands now.
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { dialectOf } from './dialects.ts'

/**
 * Position and GTID state that belong together, with the server's time. What the account may not see, or the server does not have, is
 * absent. On a busy server it is already the past.
 */
export function currentPoint(connection: Connection, options: StatementOptions = {}): Promise<RecoveryPoint> {
  return dialectOf(connection.flavour).currentPoint(connection, options)
}

/**
 * Tells a restored server what its data contains: gtid_purged on MySQL, gtid_slave_pos (and with `resetBinaryLogs`
 * gtid_binlog_state) on MariaDB. Does nothing for a point without GTIDs.
 */
export async function setGtidState(
  connection: Connection,
  point: RecoveryPoint,
  options: StatementOptions & { readonly resetBinaryLogs?: boolean } = {},
): Promise<void> {
  await dialectOf(connection.flavour).setGtidState(connection, point, options)
}
