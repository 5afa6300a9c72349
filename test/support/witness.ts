// An independent witness for tests: mysql2, another implementation of the protocol, asks what is really there.
import mysql from 'mysql2/promise'
import type { Query } from '../../scripts/sample-shop/table-checksums.ts'
import type { TestServer } from './servers.ts'

export interface Witness extends AsyncDisposable {
  /** Rows of a statement; numbers beyond 2^53 come as text. */
  readonly query: Query
}

/** A root connection to `server` that speaks utf8mb4. */
export async function openWitness(server: Pick<TestServer, 'port'>, schema?: string): Promise<Witness> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'root',
    charset: 'utf8mb4',
    supportBigNumbers: true,
    dateStrings: true,
    ...(schema === undefined ? {} : { database: schema }),
  })
  return {
    async query(sql) {
      const [rows] = await connection.query<mysql.RowDataPacket[]>(sql)
      return Array.isArray(rows) ? rows : []
    },
    [Symbol.asyncDispose]: () => connection.end(),
  }
}
