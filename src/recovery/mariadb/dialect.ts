// Applying transactions on MariaDB: GTIDs by domain, server and sequence number, and the session variables its log holds.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import type { EventGroup } from '../../binlog/event-group.ts'
import { eventType } from '../../binlog/event-types.ts'
import { decodeMariadbGtid } from '../../binlog/mariadb-gtid-event.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'
import type { Collations } from '../apply/collations.ts'
import { bit, collationOf, commonRowSettings, commonStatementSettings } from '../apply/common-settings.ts'
import type { Dialect, Opening } from '../apply/dialect.ts'
import type { SettingValues } from '../apply/session-settings.ts'
import { preparedXid } from './prepared-xid.ts'

/** `mark` keeps the GTID of each transaction on the target; it has none where its binary log does so by itself. */
export function mariadbDialect(mark: (gtid: string) => readonly string[] = () => []): Dialect {
  return {
    reopensAfterDdl: true,
    beforeFormat: [],
    // Rows behind a transaction that the server itself has rolled back must not be committed one by one.
    autocommit: '0',
    sessionStart: {
      // An XA PREPARE leaves the session free.
      pseudo_slave_mode: '1',
      // ALTER TABLE of system-versioned tables: the log does not hold it, and a replica allows it always.
      system_versioning_alter_history: "'KEEP'",
    },
    open,
    rowSettings: commonRowSettings,
    statementSettings,
    isAnnouncement: ({ variables }) => ((variables.gtidFlags3 ?? 0) & announcement) !== 0,
    mark: ({ gtid }) => (gtid === undefined ? [] : mark(gtid)),
  }
}

// FL_START_ALTER_E1, FL_ROLLBACK_ALTER_E1: a two-phase ALTER TABLE is run when its commit comes.
const announcement = 2 | 8

// The largest signed integer and one: this overflows, and the SET fails with 1690 whatever the sql_mode.
const overflow = '9223372036854775807+1'

function open(_group: EventGroup, opener: BinlogEvent, applied: number): Opening {
  if (opener.header.type !== eventType.mariadbGtid) {
    return { claim: `SET @holdfast_applied=@holdfast_applied+IF(@holdfast_applied=${applied},0,${overflow})` }
  }
  const { gtid, isStandalone } = decodeMariadbGtid(opener)
  const { domainId, serverId, sequence } = gtid
  const guarded = `${domainId}+IF(@holdfast_applied=${applied},0,${overflow})`
  const claim = `SET gtid_domain_id=${guarded},server_id=${serverId},gtid_seq_no=${sequence}`
  if (isStandalone) return { claim }
  const xid = preparedXid(opener)
  return { claim, begin: xid === undefined ? 'START TRANSACTION' : `XA START ${xid}` }
}

// Bits of Q_FLAGS2 that only MariaDB has, as its sql/sql_priv.h names them:
const noCheckConstraintChecks = 1 << 15 // OPTION_NO_CHECK_CONSTRAINT_CHECKS
const explicitDefaultsForTimestamp = 1 << 24 // OPTION_EXPLICIT_DEF_TIMESTAMP
const ifExists = 1 << 28 // OPTION_IF_EXISTS
const insertHistory = 1 << 30 // OPTION_INSERT_HISTORY

function statementSettings(query: QueryEvent, event: BinlogEvent, collations: Collations): SettingValues {
  const { flags2 = 0, characterSetCollations } = query.variables
  return {
    ...commonStatementSettings(query, event, collations),
    check_constraint_checks: bit((flags2 & noCheckConstraintChecks) === 0),
    explicit_defaults_for_timestamp: bit((flags2 & explicitDefaultsForTimestamp) !== 0),
    sql_if_exists: bit((flags2 & ifExists) !== 0),
    system_versioning_insert_history: bit((flags2 & insertHistory) !== 0),
    ...(characterSetCollations === undefined
      ? {}
      : { character_set_collations: `'${collationPairs(characterSetCollations, collations)}'` }),
  }
}

function collationPairs(pairs: readonly (readonly [number, number])[], collations: Collations): string {
  return pairs
    .map(([, id]) => collationOf(id, collations))
    .map(({ characterSet, name }) => `${characterSet}=${name}`)
    .join(',')
}
