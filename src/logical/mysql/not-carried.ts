// What a MySQL server holds outside of schemas and accounts and a dump does not carry, by name.
import type { Connection } from '../../wire/connection.ts'
import { codeInSystemSchemas } from '../code-in-system-schemas.ts'
import { type NotCarried, namesOf, setupOf } from '../not-carried.ts'

/** What MySQL and its components keep in schema mysql. */
const ownTables =
  '^(columns_priv|component|db|default_roles|engine_cost|func|general_log|global_grants|gtid_executed|help_.*|innodb_.*|ndb_binlog_index|' +
  'password_history|plugin|procs_priv|proxies_priv|replication_.*|role_edges|server_cost|servers|slave_.*|slow_log|tables_priv|time_zone.*|' +
  'user|firewall_.*|audit_log_.*|masking_.*|backup_.*|data_masking_.*)$'

export async function readNotCarried(connection: Connection): Promise<NotCarried> {
  return { warnings: await readMissed(connection), setup: await readSetup(connection) }
}

async function readMissed(connection: Connection): Promise<readonly string[]> {
  return [
    await namesOf(connection, 'foreign server', 'SELECT Server_name FROM mysql.servers'),
    await namesOf(connection, 'loadable function', 'SELECT name FROM mysql.func'),
    // Behind the ids that MySQL keeps for itself and for EPSG.
    await namesOf(
      connection,
      'spatial reference system',
      `SELECT CONCAT(SRS_ID, ' (', SRS_NAME, ')') FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS
       WHERE SRS_ID > 32767 AND SRS_ID NOT BETWEEN 60000000 AND 69999999 AND SRS_ID < 2000000000`,
    ),
    await namesOf(
      connection,
      'library',
      "SELECT CONCAT(LIBRARY_SCHEMA, '.', LIBRARY_NAME) FROM information_schema.LIBRARIES",
    ),
    await namesOf(
      connection,
      'table in schema mysql',
      `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql' AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME NOT REGEXP '${ownTables}'`,
    ),
    await namesOf(
      connection,
      'table in schema sys',
      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sys' AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME <> 'sys_config'",
    ),
    await namesOf(
      connection,
      'second password of',
      "SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE JSON_EXTRACT(User_attributes, '$.additional_password') IS NOT NULL",
    ),
    await namesOf(
      connection,
      'password history of',
      "SELECT DISTINCT CONCAT(User, '@', Host) FROM mysql.password_history",
    ),
    await codeInSystemSchemas(connection, 'mysql.sys@localhost'),
  ].flat()
}

async function readSetup(connection: Connection): Promise<readonly string[]> {
  return [
    await setupOf(connection, 'plugin', 'SELECT name FROM mysql.plugin'),
    await setupOf(connection, 'component', 'SELECT component_urn FROM mysql.component'),
    await setupOf(
      connection,
      'persisted variable',
      'SELECT VARIABLE_NAME FROM performance_schema.persisted_variables ORDER BY 1',
    ),
    await setupOf(
      connection,
      'replication channel',
      `SELECT CONCAT(IF(CHANNEL_NAME = '', '', CONCAT(CHANNEL_NAME, ' ')), 'from ', HOST, ':', PORT)
       FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME <> 'group_replication_applier'`,
    ),
    await setupOf(
      connection,
      'resource group',
      "SELECT RESOURCE_GROUP_NAME FROM information_schema.RESOURCE_GROUPS WHERE RESOURCE_GROUP_NAME NOT IN ('USR_default', 'SYS_default', 'SYS_internal')",
    ),
    // Tables of one that is not there are made in files of their own.
    await setupOf(
      connection,
      'tablespace',
      "SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE SPACE_TYPE IN ('General', 'Undo') AND NAME NOT IN ('mysql', 'innodb_undo_001', 'innodb_undo_002')",
    ),
    await setupOf(
      connection,
      'histogram',
      "SELECT CONCAT(SCHEMA_NAME, '.', TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMN_STATISTICS",
    ),
  ].flat()
}
