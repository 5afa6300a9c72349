// What most code needs of a connection: statements and their answers. The connection itself may live on another thread.
import type { Connection } from './connection.ts'

export type SqlSession = Pick<Connection, 'query' | 'run' | 'serverVersion'>
