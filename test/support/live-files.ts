// A running server and the method that takes its files while others write: each flavour has one of its own.
import path from 'node:path'
import { startDonor } from './clone-rig.ts'
import { type ServerKind, startServer, type TestServer } from './servers.ts'

export interface LiveSource {
  readonly server: TestServer
  /** What `holdfast` needs to know of programs. */
  readonly env: Readonly<Record<string, string>>
  /** Words of `holdfast backup` that take its files. */
  readonly backup: readonly string[]
}

export async function startLiveSource(kind: ServerKind): Promise<LiveSource & AsyncDisposable> {
  const isMysql = kind.startsWith('mysql')
  const server = isMysql ? await startDonor(kind) : await startServer(kind)
  return {
    server,
    env: isMysql
      ? { HOLDFAST_MYSQLD: server.programs.server }
      : {
          HOLDFAST_MARIADBD: server.programs.server,
          HOLDFAST_MARIADB_BACKUP: path.join(path.dirname(server.programs.dump[0]), 'mariadb-backup'),
        },
    backup: isMysql
      ? ['backup', '--method', 'clone', server.url()]
      : ['backup', '--method', 'mariadb-backup', server.url()],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
