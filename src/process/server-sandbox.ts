// A server of our own on a data directory: nobody else can reach it, it does nothing by itself, and it never outlives us.
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Flavour } from '../core/flavour.ts'
import { Secret } from '../core/secret.ts'
import { greets } from './greets.ts'
import { hostCause } from './host-cause.ts'
import { lastLines } from './run-program.ts'
import type { ServerProgram } from './server-program.ts'
import { type RunningProgram, startProgram } from './start-program.ts'

export interface SandboxOptions {
  readonly program: ServerProgram
  /** Absolute. The server recovers it in place, and has an account of ours in it until `dropAccount` was run. */
  readonly dataDirectory: string
  /** Options of the server that its files need, e.g. `--innodb-data-file-path=…`. */
  readonly args?: readonly string[]
  /** An option file to read before these: for keyrings and plugins. */
  readonly optionFile?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ServerSandbox extends AsyncDisposable {
  /** An account with all privileges, over a socket in a folder that is ours alone. */
  readonly settings: ConnectionSettings
  /** Statements, in order, that take our account out of the data directory again without a trace in its binary log. */
  readonly dropAccount: readonly string[]
  /** What the server has written to its error log, up to 1 MiB from its end. */
  messages(): Promise<string>
  /** Throws what `work` throws; and where that lost its connection because the server ended, why it did, as startSandbox. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** A clean shutdown, however long it takes. Throws as startSandbox when it was none. */
  stop(): Promise<void>
}

/** Between two looks whether the server answers. */
const pollMs = 30
const logBytes = 1024 * 1024

/** For a server whose connections are gone to write its last words, and its core. */
const endMs = 30_000

/**
 * Starts the server and waits until it answers, which may take as long as its recovery. Disposed without `stop` it is killed: then the
 * directory is as after a crash. Throws SANDBOX_FAILED with the server's own last messages when it ends before that; HOST_TROUBLE and
 * DISK_FULL where they tell that not the files are the reason.
 */
export async function startSandbox(options: SandboxOptions): Promise<ServerSandbox> {
  const { program, dataDirectory, signal } = options
  const owner = await ownerOf(dataDirectory)
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(shortTmpdir(), 'holdfast-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const account = newAccount()
  const initFile = path.join(folder, 'init.sql')
  await writeFile(initFile, accountStatements(account), { mode: 0o600 })
  if (owner !== undefined) for (const each of [folder, initFile]) await chown(each, owner.uid, owner.gid)
  const files = { socket: path.join(folder, 's'), log: path.join(folder, 'error.log'), folder, initFile }
  const args = [
    // The two must come first.
    options.optionFile === undefined ? '--no-defaults' : `--defaults-file=${options.optionFile}`,
    ...(options.args ?? []),
    ...ownArguments(dataDirectory, files),
    ...flavourArguments[program.flavour],
    ...(process.getuid?.() === 0 && owner === undefined ? ['--user=root'] : []),
  ]
  const server = parts.use(await startProgram(program.path, args, { ...owner, signal }))
  server.stdout.resume()
  await waitForAnswer(server, files, signal)
  // Read by the server when it started: the password is in memory alone from here on.
  await rm(initFile)
  const owned = parts.move()
  return {
    settings: {
      host: 'localhost',
      port: 0,
      socketPath: files.socket,
      user: account.user,
      password: new Secret(account.password),
      tls: { mode: 'DISABLED' },
      connectTimeoutMs: 30_000,
    },
    dropAccount: ['SET SESSION sql_log_bin = 0', `DROP USER '${account.user}'@'localhost'`],
    messages: () => endOfLog(files.log),
    during: async (work) => {
      try {
        return await work()
      } catch (error) {
        if (!isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE')) throw error
        const end = await Promise.race([server.ended, sleep(endMs, undefined, { signal, ref: false })])
        if (end === undefined) throw error
        throw await failure('went away', end.status, end.said, files.log, error)
      }
    },
    stop: async () => {
      const { status, said } = await server.stop()
      signal?.throwIfAborted()
      if (status !== 0) throw await failure('did not shut down cleanly', status, said, files.log)
      await owned.disposeAsync()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function ownArguments(
  dataDirectory: string,
  { socket, log, folder, initFile }: { socket: string; log: string; folder: string; initFile: string },
): readonly string[] {
  return [
    `--datadir=${dataDirectory}`,
    `--socket=${socket}`,
    `--pid-file=${path.join(folder, 'pid')}`,
    `--log-error=${log}`,
    `--tmpdir=${folder}`,
    `--init-file=${initFile}`,
    `--loose-innodb-temp-tablespaces-dir=${folder}`,
    ...placeArguments(dataDirectory),
    '--skip-networking',
    '--event-scheduler=OFF',
    '--read-only=OFF',
    '--loose-super-read-only=OFF',
    '--general-log=OFF',
    '--slow-query-log=OFF',
    '--loose-server-audit-logging=OFF',
    // A commit would wait for a replica that never comes.
    '--loose-rpl-semi-sync-source-enabled=OFF',
    '--loose-rpl-semi-sync-master-enabled=OFF',
    '--loose-group-replication-start-on-boot=OFF',
    // The pages of another time's work are not worth reading, nor its list worth replacing.
    '--innodb-buffer-pool-load-at-startup=OFF',
    '--innodb-buffer-pool-dump-at-shutdown=OFF',
    // What is done here is durable with the clean shutdown, and is done again from the start after anything else.
    '--innodb-flush-log-at-trx-commit=0',
    '--sync-binlog=0',
  ]
}

/** An option file may be that of a server in production, and name the folders in which that one has its files open. */
function placeArguments(dataDirectory: string): readonly string[] {
  const options = [
    'innodb-data-home-dir',
    'innodb-log-group-home-dir',
    'innodb-undo-directory',
    'loose-innodb-doublewrite-dir',
    'loose-aria-log-dir-path',
  ]
  return [
    ...options.map((name) => `--${name}=${dataDirectory}`),
    `--loose-rocksdb-datadir=${path.join(dataDirectory, '#rocksdb')}`,
    '--loose-rocksdb-wal-dir=',
    // The defaults, which are relative to the data directory.
    '--loose-log-tc=tc.log',
    '--loose-log-ddl-recovery=ddl_recovery',
    '--loose-master-info-file=master.info',
    '--loose-relay-log-info-file=relay-log.info',
    // The default, which is relative to the first of them.
    '--innodb-temp-data-file-path=ibtmp1:12M:autoextend',
  ]
}

const flavourArguments: Readonly<Record<Flavour, readonly string[]>> = {
  mysql: [
    '--skip-replica-start',
    // A restored mysqld-auto.cnf is for the server that it is restored for.
    '--persisted-globals-load=OFF',
    '--loose-mysqlx=OFF',
    '--loose-auto-generate-certs=OFF',
    '--loose-caching-sha2-password-auto-generate-rsa-keys=OFF',
    '--loose-sha256-password-auto-generate-rsa-keys=OFF',
  ],
  mariadb: ['--skip-slave-start', '--loose-wsrep-on=OFF'],
}

interface SandboxAccount {
  readonly user: string
  readonly password: string
}

/** Password policies want every kind of character, and these are all of them. */
function newAccount(): SandboxAccount {
  return {
    user: `holdfast_${randomBytes(6).toString('hex')}`,
    password: `aA1!${randomBytes(24).toString('base64url')}`,
  }
}

/** For --init-file: one statement a line. Not in the binary log: a restored server writes nothing of its own before a replay. */
function accountStatements({ user, password }: SandboxAccount): string {
  return [
    'SET SESSION sql_log_bin = 0;',
    `CREATE USER '${user}'@'localhost' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO '${user}'@'localhost' WITH GRANT OPTION;`,
    '',
  ].join('\n')
}

async function waitForAnswer(
  server: RunningProgram,
  { socket, log }: { socket: string; log: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  while (!(await greets(socket))) {
    const end = await Promise.race([server.ended, sleep(pollMs, undefined, { signal })])
    if (end === undefined) continue
    signal?.throwIfAborted()
    throw await failure('could not start on the restored files', end.status, end.said, log)
  }
}

async function failure(
  what: string,
  status: number,
  said: string,
  log: string,
  cause?: unknown,
): Promise<HoldfastError> {
  const text = await endOfLog(log)
  const errors = text
    .split('\n')
    .filter((line) => line.includes('[ERROR]'))
    .join('\n')
  const words = lastLines(errors) || lastLines(text) || lastLines(said) || 'it said nothing'
  const host = hostCause({ status, said: `${errors}\n${said}` })
  const why = host === undefined ? words : `${host.says} (${words})`
  return new HoldfastError(
    host?.code ?? 'SANDBOX_FAILED',
    `the server ${what} (status ${status}): ${why}`,
    { status },
    { ...(cause === undefined ? {} : { cause }), ...(host?.hint === undefined ? {} : { hint: host.hint }) },
  )
}

async function endOfLog(log: string): Promise<string> {
  try {
    await using handle = await open(log, 'r')
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(Math.min(size, logBytes))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    // It ended before it had one.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** Servers refuse to run as root; they run as whoever the files belong to. Undefined where that is us. */
async function ownerOf(
  directory: string,
): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const { uid, gid } = await stat(directory)
  return uid === process.getuid?.() ? undefined : { uid, gid }
}

/** The path of a socket has at most 107 bytes (sun_path of unix(7)). */
function shortTmpdir(): string {
  return tmpdir().length <= 80 ? tmpdir() : '/tmp'
}
