// The history of a server on restored files: what it knows of itself, or else what the backup says.
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { currentPoint, setGtidState } from '../instance/current-point.ts'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'

/**
 * Answers where the server stands. MariaDB keeps its GTIDs in its binary logs: on files without them it would begin again at the first, and use
 * numbers that the archive has, so it is told what the backup says.
 */
export async function takeOver(
  connection: Connection,
  point: RecoveryPoint,
  options: StatementOptions = {},
): Promise<RecoveryPoint> {
  const recovered = await currentPoint(connection, options)
  const { gtid } = point
  if (gtid?.flavour !== 'mariadb' || gtid.text === '' || (recovered.gtid?.text ?? '') !== '') return recovered
  await setGtidState(connection, point, { ...options, resetBinaryLogs: true })
  return { ...(await currentPoint(connection, options)), gtid }
}
