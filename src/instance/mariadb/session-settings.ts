// Session variables with which MariaDB gives and takes rows and definitions exactly.
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

function shared(release: number): string[] {
  return [
    "time_zone = '+00:00'",
    'autocommit = 1',
    'max_statement_time = 0',
    ...patience,
    // Character sets mean the collations they were compiled with, on every server (MDEV-30164).
    ...(release >= 110_200 ? ["character_set_collations = ''"] : []),
  ]
}

export function readSettings(release: number): SessionSettings {
  return {
    required: [
      "sql_mode = ''",
      'sql_quote_show_create = 1',
      "tx_isolation = 'REPEATABLE-READ'",
      // Reading whole tables needs no statistics, for which three more tables are opened with each.
      "use_stat_tables = 'never'",
      ...shared(release),
    ],
    // A session that logs keeps the metadata locks of its tables where a savepoint would give them up (see letTablesGo).
    optional: ['sql_log_bin = 0'],
  }
}

export function loadSettings(release: number): SessionSettings {
  return {
    required: [
      `sql_mode = '${loadMode}'`,
      "tx_isolation = 'READ-COMMITTED'",
      ...shared(release),
      'foreign_key_checks = 0',
      // Always checked: bulk insert without it loses rows together with LOCAL (MDEV-31985).
      'unique_checks = 1',
      // Rows may legally violate a CHECK that was added while checks were off.
      'check_constraint_checks = 0',
    ],
    optional: [
      // With STATEMENT in its log a server takes no rows under READ COMMITTED (ER_BINLOG_STMT_MODE_AND_ROW_ENGINE).
      "binlog_format = 'ROW'",
      // SHOW CREATE TABLE says every default; a TIMESTAMP without one must not get one.
      'explicit_defaults_for_timestamp = 1',
      'innodb_strict_mode = 0',
      ...(release >= 101_101 ? ['system_versioning_insert_history = 1'] : []),
    ],
  }
}
