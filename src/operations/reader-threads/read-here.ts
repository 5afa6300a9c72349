// What a reader thread does: a connection, a kernel, and everything on the way from its rows to durable packs.
import { parentPort, workerData } from 'node:worker_threads'
import { RateLimit } from '../../core/rate-limit.ts'
import { Secret } from '../../core/secret.ts'
import { openReadSession } from '../../instance/read-session.ts'
import { RowPump } from '../../logical/dump-rows.ts'
import { PackMaker } from '../../repository/pack-maker.ts'
import type { Connection } from '../../wire/connection.ts'
import { openStore } from '../open-store.ts'
import type { OwnerCalls, ReaderCalls, ReaderStart } from './calls.ts'
import { fromPlainError } from './plain-error.ts'
import { ThreadCalls } from './thread-calls.ts'

const { settings, password, place, ticket, rate, pump: pumpTicket }: ReaderStart = workerData
if (parentPort === null) throw new TypeError('reader-thread is to be run as a worker')

const ended = new AbortController()
let connection: Connection | undefined
let pump: RowPump | undefined

const served: ReaderCalls = {
  open: async (_, signal) => {
    const login = password === undefined ? settings : { ...settings, password: new Secret(password) }
    connection = await openReadSession(login, signal)
    pump = new RowPump(connection, packs, rate && new RateLimit(rate), pumpTicket)
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
  finish: async () => {
    await packs.flush()
    await Promise.all(told)
  },
  abandon: async (reason) => ended.abort(fromPlainError(reason)),
  close: async () => {
    ended.abort()
    await connection?.close()
    await packs.settle()
  },
}
const owner = new ThreadCalls<OwnerCalls>(parentPort, served)
/** A pack counts when its owner knows of it. */
const told: Promise<void>[] = []
const packs = new PackMaker(
  openStore(place),
  ticket,
  {
    claim: (id) => owner.call('claim', id),
    filled: (pack) => void told.push(owner.call('filled', pack)),
  },
  ended.signal,
)

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new TypeError('the reader is not open')
  return part
}
