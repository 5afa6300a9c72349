// Session variables of a logged statement that both flavours write alike.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'
import { HoldfastError } from '../../core/errors.ts'
import { type Collation, type Collations } from './collations.ts'
import type { SettingValues } from './session-settings.ts'

// Bits of Q_FLAGS2: OPTION_AUTO_IS_NULL, OPTION_NO_FOREIGN_KEY_CHECKS, OPTION_RELAXED_UNIQUE_CHECKS.
const autoIsNull = 1 << 14
const noForeignKeyChecks = 1 << 26
const relaxedUniqueChecks = 1 << 27

/** 1 or 0, as SQL. */
export function bit(isSet: boolean): string {
  return isSet ? '1' : '0'
}

/** Matters for rows too: generated columns and CHECK constraints are evaluated while rows are applied. */
export function commonRowSettings({ variables }: QueryEvent): SettingValues {
  const { sqlMode, timeZone } = variables
  return {
    ...(sqlMode === undefined ? {} : { sql_mode: String(sqlMode) }),
    ...(timeZone === undefined ? {} : { time_zone: `'${timeZone}'` }),
  }
}

export function commonStatementSettings(
  query: QueryEvent,
  event: BinlogEvent,
  collations: Collations,
): SettingValues {
  const { variables, threadId } = query
  const { flags2 = 0, autoIncrement, charset, charsetDatabase, lcTimeNames = 0, microseconds = 0 } = variables
  const fraction = microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0')}`
  return {
    ...commonRowSettings(query),
    timestamp: `${event.header.timestamp}${fraction}`,
    pseudo_thread_id: String(threadId),
    foreign_key_checks: bit((flags2 & noForeignKeyChecks) === 0),
    unique_checks: bit((flags2 & relaxedUniqueChecks) === 0),
    sql_auto_is_null: bit((flags2 & autoIsNull) !== 0),
    auto_increment_increment: String(autoIncrement?.increment ?? 1),
    auto_increment_offset: String(autoIncrement?.offset ?? 1),
    lc_time_names: String(lcTimeNames),
    ...(charset === undefined
      ? {}
      : {
          character_set_client: collationOf(charset.client, collations).characterSet,
          collation_connection: collationOf(charset.connection, collations).name,
          collation_server: collationOf(charset.server, collations).name,
        }),
    collation_database:
      charsetDatabase === undefined ? 'DEFAULT' : collationOf(charsetDatabase, collations).name,
  }
}

/** Throws UNSUPPORTED for a collation that the target does not have. */
export function collationOf(id: number, collations: Collations): Collation {
  const collation = collations.get(id)
  if (collation !== undefined) return collation
  throw new HoldfastError(
    'UNSUPPORTED',
    `a statement in the log needs collation number ${id}, which the target lacks`,
    { id },
  )
}
