// What a reader thread does: a connection, a kernel, and everything on the way from its rows to durable packs.
import { parentPort, workerData } from 'node:worker_threads'
import { RateLimit } from '../../core/rate-limit.ts'
import { Secret } from '../../core/secret.ts'
import { openReadSession } from '../../instance/read-session.ts'
import { RowPump } from '../../logical/dump-rows.ts'
import type { Connection } from '../../wire/connection.ts'
import type { PackCalls, ReaderCalls, ReaderStart } from './calls.ts'
import { servePacks } from './packs-here.ts'

const start: ReaderStart = workerData
if (parentPort === null) throw new TypeError('reader-thread is to be run as a worker')

let connection: Connection | undefined
let pump: RowPump | undefined

const own: Omit<ReaderCalls, keyof PackCalls> = {
  open: async (_, signal) => {
    const { settings, password, rate } = start
    const login = password === undefined ? settings : { ...settings, password: new Secret(password) }
    connection = await openReadSession(login, signal)
    pump = new RowPump(connection, packs, rate && new RateLimit(rate), start.pump)
    return connection.serverVersion
  },
  run: ({ sql, timeoutMs }, signal) => opened(connection).run(sql, { signal, timeoutMs }),
  query: ({ sql, timeoutMs }, signal) => opened(connection).query(sql, { signal, timeoutMs }),
  read: (rows, signal) =>
    opened(pump).dump(
      rows,
      (plainBytes, ended) => void owner.call('stored', { plainBytes, rows: ended }),
      signal,
    ),
}
const { owner, packs } = servePacks(parentPort, start, own, async () => connection?.close())

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new TypeError('the reader is not open')
  return part
}
