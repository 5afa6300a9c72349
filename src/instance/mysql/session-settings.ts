// Session variables with which MySQL gives and takes rows and definitions exactly.
import type { SessionSettings } from '../dialect.ts'
import { loadMode } from '../load-mode.ts'

// A year: a session that holds a lock may be idle for as long as the largest table takes.
const patience = [
  'wait_timeout = 31536000',
  'net_read_timeout = 3600',
  'net_write_timeout = 3600',
  // But nobody waits for a table lock for ever.
  'lock_wait_timeout = 30',
  // A guard against long answers, where an administrator has set one, would cut tables short without an error. DEFAULT would be that guard.
  'sql_select_limit = 18446744073709551615',
]

export function readSettings(release: number): SessionSettings {
  return {
    required: [
      "sql_mode = ''",
      "time_zone = '+00:00'",
      "transaction_isolation = 'REPEATABLE-READ'",
      'autocommit = 1',
      ...patience,
      'max_execution_time = 0',
      'sql_quote_show_create = 1',
      // Otherwise AUTO_INCREMENT values may be a day old.
      'information_schema_stats_expiry = 0',
      ...(release >= 80_017 ? ['print_identified_with_as_hex = 1'] : []),
    ],
    optional: release >= 80_030 ? ['show_gipk_in_create_table_and_information_schema = 1'] : [],
  }
}

export function loadSettings(release: number): SessionSettings {
  return {
    required: [
      `sql_mode = '${loadMode}'`,
      "time_zone = '+00:00'",
      "transaction_isolation = 'READ-COMMITTED'",
      'autocommit = 1',
      ...patience,
      'max_execution_time = 0',
      'foreign_key_checks = 0',
      // Always checked: with 0 a duplicate would corrupt the index.
      'unique_checks = 1',
      'information_schema_stats_expiry = 0',
      ...(release >= 80_017 ? ['print_identified_with_as_hex = 1'] : []),
    ],
    optional: [
      // With STATEMENT in its log a server takes no rows under READ COMMITTED (ER_BINLOG_STMT_MODE_AND_ROW_ENGINE).
      "binlog_format = 'ROW'",
      // SHOW CREATE TABLE says every default; a TIMESTAMP without one must not get one.
      'explicit_defaults_for_timestamp = 1',
      'innodb_strict_mode = 0',
      ...(release >= 80_013 ? ['sql_require_primary_key = 0'] : []),
      ...(release >= 80_030
        ? ['sql_generate_invisible_primary_key = 0', 'show_gipk_in_create_table_and_information_schema = 1']
        : []),
      ...(release >= 80_400 ? ['restrict_fk_on_non_standard_key = 0'] : []),
    ],
  }
}
