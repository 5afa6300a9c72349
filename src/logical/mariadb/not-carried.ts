// What a MariaDB server holds outside of schemas and accounts and a dump does not carry, by name.
import type { Connection } from '../../wire/connection.ts'
import { codeInSystemSchemas } from '../code-in-system-schemas.ts'
import { namesOf } from '../not-carried.ts'

export async function readNotCarried(connection: Connection): Promise<readonly string[]> {
  return [
    await namesOf(connection, 'foreign server', 'SELECT Server_name FROM mysql.servers'),
    await namesOf(connection, 'loadable function', 'SELECT name FROM mysql.func'),
    await namesOf(connection, 'plugin', 'SELECT name FROM mysql.plugin'),
    await namesOf(
      connection,
      'result of ANALYZE TABLE … PERSISTENT of',
      "SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' table', ' tables')) FROM mysql.table_stats WHERE db_name NOT IN ('mysql', 'sys') HAVING COUNT(*) > 0",
    ),
    await codeInSystemSchemas(connection, 'mariadb.sys@localhost'),
  ].flat()
}
