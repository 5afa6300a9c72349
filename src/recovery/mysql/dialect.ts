// Applying transactions on MySQL: GTIDs by gtid_next, and the session variables its log holds.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import type { EventGroup } from '../../binlog/event-group.ts'
import { eventType } from '../../binlog/event-types.ts'
import { decodeMysqlGtid } from '../../binlog/mysql-gtid-event.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'
import type { Collations } from '../apply/collations.ts'
import { bit, collationOf, commonRowSettings, commonStatementSettings } from '../apply/common-settings.ts'
import type { Dialect } from '../apply/dialect.ts'
import type { SettingValues } from '../apply/session-settings.ts'

/** `keepsGtids` is false where the target has gtid_mode OFF: transactions are anonymous there. */
export function mysqlDialect({ keepsGtids }: { readonly keepsGtids: boolean }): Dialect {
  return {
    reopensAfterDdl: false,
    // A BINLOG behind a COMMIT, without a GTID of its own, fails with 1837.
    beforeFormat: ["SET gtid_next='AUTOMATIC'"],
    // Without a binary log START TRANSACTION in a session without autocommit commits first, and that uses the GTID up. It is not
    // needed either: behind a transaction that the server has rolled back, a statement without a new GTID fails with 1837.
    autocommit: '1',
    // As mysqlbinlog does: an XA PREPARE leaves the session free, and sql_mode may hold bits of older servers.
    sessionStart: { pseudo_replica_mode: '1' },
    open: (group, opener, applied) => ({ claim: claim(group, opener, applied, keepsGtids) }),
    rowSettings: commonRowSettings,
    statementSettings,
    isAnnouncement: () => false,
    mark: () => [],
  }
}

function claim(group: EventGroup, opener: BinlogEvent, applied: number, keepsGtids: boolean): string {
  const gtid = keepsGtids && group.gtid !== undefined ? group.gtid : 'AUTOMATIC'
  // Any text that is no GTID makes SET fail with 1774.
  const next = `gtid_next=IF(@holdfast_applied=${applied},'${gtid}','a transaction before this one failed')`
  const micros = originalCommitMicros(opener)
  // Keeps the time of the commit in the target's own log: who restores from that one can go by time again.
  return micros === undefined ? `SET ${next}` : `SET original_commit_timestamp=${micros},${next}`
}

function originalCommitMicros(opener: BinlogEvent): number | undefined {
  const { type } = opener.header
  const isGtid = type === eventType.gtid || type === eventType.anonymousGtid || type === eventType.gtidTagged
  return isGtid ? decodeMysqlGtid(opener).originalCommitMicros : undefined
}

function statementSettings(query: QueryEvent, event: BinlogEvent, collations: Collations): SettingValues {
  const {
    explicitDefaultsForTimestamp,
    defaultCollationForUtf8mb4,
    sqlRequirePrimaryKey,
    defaultTableEncryption,
  } = query.variables
  return {
    ...commonStatementSettings(query, event, collations),
    ...(explicitDefaultsForTimestamp === undefined
      ? {}
      : { explicit_defaults_for_timestamp: bit(explicitDefaultsForTimestamp) }),
    ...(defaultCollationForUtf8mb4 === undefined
      ? {}
      : { default_collation_for_utf8mb4: collationOf(defaultCollationForUtf8mb4, collations).name }),
    ...(sqlRequirePrimaryKey === undefined ? {} : { sql_require_primary_key: bit(sqlRequirePrimaryKey) }),
    ...(defaultTableEncryption === undefined
      ? {}
      : { default_table_encryption: bit(defaultTableEncryption) }),
  }
}
