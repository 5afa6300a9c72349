// Tells a restored MySQL which transactions its data contains: gtid_purged.
import { HoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { GtidStateOptions } from '../dialect.ts'
import { releaseNumber } from '../server-release.ts'
import { quoteText } from '../sql-text.ts'

export async function setGtidState(
  connection: Connection,
  point: RecoveryPoint,
  { resetBinaryLogs = false, ...options }: GtidStateOptions,
): Promise<void> {
  const { gtid } = point
  if (gtid === undefined) return
  if (gtid.flavour !== 'mysql') {
    throw new HoldfastError('VERSION_MISMATCH', 'a MariaDB GTID position cannot be set on MySQL', {
      text: gtid.text,
    })
  }
  if (resetBinaryLogs) {
    // Renamed in 8.2; the old name is a syntax error since 8.4.
    const isNewName = releaseNumber(connection.serverVersion) >= 80_200
    await connection.run(isNewName ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER', options)
  }
  // "+set" adds to gtid_purged and gtid_executed; it must not overlap with what was executed here (MySQL 8.0 manual, gtid_purged).
  const [row = {}] = await connection.query(
    `SELECT GTID_SUBTRACT(${quoteText(gtid.text)}, @@GLOBAL.gtid_executed) AS missing`,
    options,
  )
  const missing = textOf(row, 'missing').replaceAll(/\s/g, '')
  if (missing !== '') await connection.run(`SET GLOBAL gtid_purged = ${quoteText(`+${missing}`)}`, options)
}
