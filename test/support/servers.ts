// Real servers for tests: each starts in about a second on its own copy of a data directory, and leaves nothing behind.

import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { isServerKind, type ServerKind, serverKinds } from '../../scripts/servers/server-kinds.ts'
import { type RunningServer, runServer, type StartOptions } from '../../scripts/servers/start-server.ts'
import type { ConnectionSettings, TlsSettings } from '../../src/core/connection-settings.ts'
import { Secret } from '../../src/core/secret.ts'
import { type Certificates, createCertificates } from './certificates.ts'

export { type ServerKind, serverKinds } from '../../scripts/servers/server-kinds.ts'

/** The kinds that tests run on: all, or those that HOLDFAST_TEST_SERVERS names (comma list) for quick local work. */
export const testedKinds: readonly ServerKind[] = narrowedKinds()

// The runner of isolated test files may be killed alone; its orphans would run on and write to a broken pipe. The warden
// then clears up after them.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const runner = process.ppid
  setInterval(() => {
    if (process.ppid !== runner) process.kill(process.pid, 'SIGKILL')
  }, 500).unref()
}

export interface TestUser {
  readonly user: string
  readonly password?: string
  /** `%` by default. */
  readonly host?: string
  /** Login plugin, e.g. `mysql_native_password`, `caching_sha2_password`, `ed25519`; the server's default otherwise. */
  readonly plugin?: string
  /** What follows GRANT, without the user: `SELECT ON shop.*`. */
  readonly grants?: readonly string[]
}

export interface TestServerOptions extends StartOptions {
  readonly users?: readonly TestUser[]
  /** Statements run once as root after the start, through the server's own client. */
  readonly sql?: string
  /** Makes a CA, a server and a client certificate and starts the server with them. */
  readonly tls?: boolean
}

export interface LoginOverride {
  readonly user?: string
  readonly password?: string
  readonly schema?: string
  readonly tls?: TlsSettings
  /** Through the Unix socket instead of TCP. */
  readonly socket?: boolean
}

/** A server program of this server with the arguments every call needs; add your own after them. */
export type ProgramCall = readonly [program: string, ...args: string[]]

export interface TestServer extends RunningServer {
  readonly kind: ServerKind
  readonly flavour: 'mysql' | 'mariadb'
  readonly version: string
  readonly host: '127.0.0.1'
  readonly user: 'root'
  readonly password: ''
  /** With `tls: true` only. */
  readonly certificates: Certificates | undefined
  readonly programs: {
    /** mysql or mariadb, logged in as root. */
    readonly client: ProgramCall
    /** mysqldump or mariadb-dump, logged in as root. */
    readonly dump: ProgramCall
    /** mysqlbinlog or mariadb-binlog, for files. */
    readonly binlogTool: ProgramCall
    /** The server program, for `--server-program`. */
    readonly server: string
  }
  /** `mysql://root@127.0.0.1:PORT/`, or another user's. */
  url(login?: { user?: string; password?: string }): string
  settings(login?: LoginOverride): ConnectionSettings
  /** Runs SQL as root through the server's own client; rows as lines of tab-separated values, no header. */
  sql(statements: string): Promise<string>
}

/** Starts a server of `kind` with binary log, row format and (MySQL) GTIDs; dispose it with `await using`. */
export async function startServer(kind: ServerKind, options: TestServerOptions = {}): Promise<TestServer> {
  const certificates = options.tls ? await createCertificates() : undefined
  const tlsArgs = certificates
    ? [
        `--ssl-ca=${certificates.caFile}`,
        `--ssl-cert=${certificates.serverCertFile}`,
        `--ssl-key=${certificates.serverKeyFile}`,
      ]
    : []
  const running = await runServer(kind, { ...options, args: [...tlsArgs, ...(options.args ?? [])] })
  const server = testServer(kind, running, certificates)
  try {
    const setUp = (options.users ?? []).flatMap((user) => userStatements(user, server.flavour))
    if (options.sql) setUp.push(options.sql)
    if (setUp.length > 0) await server.sql(setUp.join(';\n'))
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** One test for each server kind, titled `title (kind)`. */
export function eachServer(
  title: string,
  run: (kind: ServerKind, context: TestContext) => Promise<void>,
): void {
  for (const kind of testedKinds) test(`${title} (${kind})`, (context) => run(kind, context))
}

function testServer(
  kind: ServerKind,
  running: RunningServer,
  certificates: Certificates | undefined,
): TestServer {
  const { flavour, version, programFolder, serverProgram } = running.installation
  const program = (mysql: string, mariadb: string) =>
    path.join(programFolder, flavour === 'mysql' ? mysql : mariadb)
  const login = ['--no-defaults', '--user=root', '--host=127.0.0.1', `--port=${running.port}`]
  const disposeServer = running[Symbol.asyncDispose].bind(running)
  return Object.assign(running, {
    async [Symbol.asyncDispose]() {
      await disposeServer()
      await certificates?.[Symbol.asyncDispose]()
    },
    kind,
    flavour,
    version,
    host: '127.0.0.1',
    user: 'root',
    password: '',
    certificates,
    programs: {
      client: [program('mysql', 'mariadb'), ...login],
      dump: [program('mysqldump', 'mariadb-dump'), ...login],
      binlogTool: [program('mysqlbinlog', 'mariadb-binlog'), '--no-defaults'],
      server: serverProgram,
    },
    url({ user = 'root', password }: { user?: string; password?: string } = {}) {
      const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
      return `mysql://${encodeURIComponent(user)}${secret}@127.0.0.1:${running.port}/`
    },
    settings({ user = 'root', password, schema, tls, socket }: LoginOverride = {}) {
      return {
        host: '127.0.0.1',
        port: running.port,
        user,
        tls: tls ?? { mode: 'DISABLED' },
        connectTimeoutMs: 10_000,
        ...(password === undefined ? {} : { password: new Secret(password) }),
        ...(schema === undefined ? {} : { schema }),
        ...(socket ? { socketPath: running.socketPath } : {}),
      } satisfies ConnectionSettings
    },
    async sql(statements: string) {
      const client = program('mysql', 'mariadb')
      return runProgram(
        client,
        [
          '--no-defaults',
          '--user=root',
          `--socket=${running.socketPath}`,
          '--batch',
          '--skip-column-names',
          '--default-character-set=utf8mb4',
          '--raw',
        ],
        { input: statements },
      )
    },
  } as const)
}

function userStatements(user: TestUser, flavour: 'mysql' | 'mariadb'): string[] {
  const account = `${quote(user.user)}@${quote(user.host ?? '%')}`
  const password = quote(user.password ?? '')
  const identified =
    user.plugin === undefined
      ? `IDENTIFIED BY ${password}`
      : flavour === 'mysql'
        ? `IDENTIFIED WITH ${user.plugin} BY ${password}`
        : `IDENTIFIED VIA ${user.plugin} USING PASSWORD(${password})`
  return [
    `CREATE USER ${account} ${identified}`,
    ...(user.grants ?? []).map((grant) =>
      grant.endsWith(' WITH GRANT OPTION')
        ? `GRANT ${grant.slice(0, -' WITH GRANT OPTION'.length)} TO ${account} WITH GRANT OPTION`
        : `GRANT ${grant} TO ${account}`,
    ),
  ]
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function narrowedKinds(): readonly ServerKind[] {
  const wanted = process.env['HOLDFAST_TEST_SERVERS']
  if (!wanted) return serverKinds
  return wanted.split(',').map((text) => {
    const kind = text.trim()
    if (!isServerKind(kind))
      throw new Error(`HOLDFAST_TEST_SERVERS names ${kind}; there are ${serverKinds.join(', ')}`)
    return kind
  })
}
