// The demo's own connection to its servers: another implementation of the protocol than the one it shows.
import mysql from 'mysql2/promise'
import type { Query } from '../sample-shop/table-checksums.ts'

export interface ServerConnection extends AsyncDisposable {
  readonly query: Query
  /** The number an AUTO_INCREMENT column gave to the row that `sql` inserted. */
  readonly insert: (sql: string) => Promise<number>
}

export async function connectTo(port: number): Promise<ServerConnection> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port,
    user: 'root',
    charset: 'utf8mb4',
    dateStrings: true,
    supportBigNumbers: true,
  })
  // A server that is killed on purpose breaks its connections; the next statement tells.
  connection.on('error', () => undefined)
  return {
    async query(sql) {
      const [rows] = await connection.query<mysql.RowDataPacket[]>(sql)
      return Array.isArray(rows) ? rows : []
    },
    async insert(sql) {
      const [result] = await connection.query<mysql.ResultSetHeader>(sql)
      return result.insertId
    },
    [Symbol.asyncDispose]() {
      connection.destroy()
      return Promise.resolve()
    },
  }
}
