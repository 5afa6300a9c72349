// One test server as the replica of another, which has the account `repl`.
import type { TestServer } from './servers.ts'

export async function startReplica(replica: TestServer, source: TestServer): Promise<void> {
  const login = (word: string): string =>
    `${word}_HOST = '127.0.0.1', ${word}_PORT = ${source.port}, ${word}_USER = 'repl', ${word}_PASSWORD = 'Repl-1'`
  await replica.sql(
    source.flavour === 'mysql'
      ? `CHANGE REPLICATION SOURCE TO ${login('SOURCE')}, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA`
      : `CHANGE MASTER TO ${login('MASTER')}, MASTER_SSL = 0, MASTER_USE_GTID = slave_pos; START SLAVE`,
  )
}

export async function stopReplica(server: TestServer): Promise<void> {
  await server.sql(
    server.flavour === 'mysql' ? 'STOP REPLICA; RESET REPLICA ALL' : 'STOP SLAVE; RESET SLAVE ALL',
  )
}
