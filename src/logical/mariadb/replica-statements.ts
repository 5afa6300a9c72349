// What makes a MariaDB replica go on behind the data of a script.
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { quoteText } from '../../instance/sql-text.ts'

export function replicaStatements({ position, gtid }: RecoveryPoint): readonly string[] {
  return [
    ...(gtid === undefined || gtid.text === ''
      ? []
      : [`SET GLOBAL gtid_slave_pos = ${quoteText(gtid.text)}`]),
    ...(position === undefined
      ? []
      : [
          `CHANGE MASTER TO MASTER_LOG_FILE = ${quoteText(position.file)}, MASTER_LOG_POS = ${position.offset}`,
        ]),
  ]
}
