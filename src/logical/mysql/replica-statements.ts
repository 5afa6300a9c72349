// What makes a MySQL replica go on behind the data of a script.
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { quoteText } from '../../instance/sql-text.ts'

export function replicaStatements({ position, gtid }: RecoveryPoint): readonly string[] {
  return [
    ...(gtid === undefined || gtid.text === ''
      ? []
      : [`SET GLOBAL gtid_purged = ${quoteText(`+${gtid.text.replaceAll(/\s/g, '')}`)}`]),
    ...(position === undefined
      ? []
      : [
          `CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = ${quoteText(position.file)}, SOURCE_LOG_POS = ${position.offset}`,
        ]),
  ]
}
