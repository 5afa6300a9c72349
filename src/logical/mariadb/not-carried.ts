// What a MariaDB server holds outside of schemas and accounts and a dump does not carry, by name.
import type { Connection } from '../../wire/connection.ts'
import { codeInSystemSchemas } from '../code-in-system-schemas.ts'
import { type NotCarried, namesOf, setupOf } from '../not-carried.ts'

export async function readNotCarried(connection: Connection): Promise<NotCarried> {
  return { warnings: await readMissed(connection), setup: await readSetup(connection) }
}

async function readMissed(connection: Connection): Promise<readonly string[]> {
  return [
    await namesOf(connection, 'foreign server', 'SELECT Server_name FROM mysql.servers'),
    await namesOf(connection, 'loadable function', 'SELECT name FROM mysql.func'),
    await codeInSystemSchemas(connection, 'mariadb.sys@localhost'),
  ].flat()
}

async function readSetup(connection: Connection): Promise<readonly string[]> {
  return [
    await setupOf(connection, 'plugin', 'SELECT name FROM mysql.plugin'),
    // Its first column is the name of the connection, '' of the usual one.
    (await setupOf(connection, 'replication channel', 'SHOW ALL SLAVES STATUS')).map((name) =>
      name.trimEnd(),
    ),
    await setupOf(
      connection,
      'result of ANALYZE TABLE … PERSISTENT of',
      "SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' table', ' tables')) FROM mysql.table_stats WHERE db_name NOT IN ('mysql', 'sys') HAVING COUNT(*) > 0",
    ),
  ].flat()
}
