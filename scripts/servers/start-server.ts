// Starts a throw-away server on a copy of its template: a free port on 127.0.0.1, a socket, a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, copyFile, mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { greets } from '../../src/process/greets.ts'
import { ensureInstallation, exists, type Installation } from './installation.ts'
import type { ServerKind } from './server-kinds.ts'
import {
  commonArguments,
  copyData,
  ensureTemplate,
  type TemplateOptions,
  templateArguments,
  templateCertificate,
  templateKey,
} from './template.ts'
import { guardedFolder } from './warden.ts'

export interface StartOptions extends TemplateOptions {
  /** Added after the defaults, so they win. */
  readonly args?: readonly string[]
  /** Binary log, on by default with everything recovery needs. */
  readonly log_bin?: boolean
  /** Commits reach the disk as in production; off by default, because tests wait for commits all day. */
  readonly durable?: boolean
  /** Fixed port; a free one by default. */
  readonly port?: number
  /** An existing data directory to start on; it is used in place and not removed. A fresh one by default. */
  readonly dataDir?: string
  readonly signal?: AbortSignal
}

export interface RunningServer extends AsyncDisposable {
  readonly installation: Installation
  /** Folder of everything this server owns; removed on dispose. */
  readonly folder: string
  readonly dataDir: string
  readonly socketPath: string
  readonly port: number
  readonly errorLog: string
  /** Process id, or undefined while it is stopped. */
  readonly pid: number | undefined
  /** Clean shutdown; the data directory stays until dispose. Does nothing when it is stopped already. */
  stop(): Promise<void>
  /** The server dies at once, as in a crash; returns when it is gone. */
  kill9(): Promise<void>
  /** Starts again on the same data directory and port, stopping first if it runs; `args` replace the earlier ones. */
  restart(options?: { args?: readonly string[] }): Promise<void>
  /** SIGSTOP: the server answers nothing, its connections stay open. */
  freeze(): void
  /** SIGCONT: the end of freeze(). */
  thaw(): void
}

/** Time for a server to answer on its socket; a start takes about a second, a recovery after kill9 a few. */
const startTimeoutMs = 60_000
/** Time for a clean shutdown before the server is killed. */
const stopTimeoutMs = 30_000
const portAttempts = 5

/** Its counters of locks and errors, which no test asks for, are a seventh of the CPU time of a start of MySQL. */
const smallPerformanceSchema = [
  '--performance-schema-max-mutex-instances=0',
  '--performance-schema-max-rwlock-instances=0',
  '--performance-schema-max-digest-length=64',
  '--performance-schema-digests-size=100',
  '--performance-schema-error-size=10',
]

export async function runServer(kind: ServerKind, options: StartOptions = {}): Promise<RunningServer> {
  const installation = await ensureInstallation(kind)
  const folder = await guardedFolder('hf')
  try {
    const server = new ServerProcess(installation, folder, options)
    await server.prepare()
    await server.start()
    return server
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

class ServerProcess implements RunningServer {
  readonly installation: Installation
  readonly folder: string
  readonly dataDir: string
  readonly socketPath: string
  readonly errorLog: string
  port: number
  readonly #owned: AsyncDisposable
  readonly #options: StartOptions
  #args: readonly string[]
  #child: ChildProcess | undefined
  #hasCertificate = false
  readonly #serverId = randomInt(1, 2 ** 31)

  constructor(installation: Installation, folder: { path: string } & AsyncDisposable, options: StartOptions) {
    this.installation = installation
    this.#owned = folder
    this.folder = folder.path
    this.dataDir = options.dataDir ?? path.join(folder.path, 'data')
    this.socketPath = path.join(folder.path, 's')
    this.errorLog = path.join(folder.path, 'error.log')
    this.port = options.port ?? 0
    this.#options = options
    this.#args = options.args ?? []
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async prepare(): Promise<void> {
    await mkdir(path.join(this.folder, 'tmp'))
    if (this.#options.dataDir !== undefined) return
    const template = await ensureTemplate(this.installation, this.#options)
    await copyData(template, this.dataDir)
  }

  async start(): Promise<void> {
    this.#hasCertificate = await exists(path.join(this.dataDir, templateCertificate))
    for (let attempt = 1; ; attempt++) {
      if (this.port === 0) this.port = await freePort()
      const logBefore = (await readLog(this.errorLog)).length
      try {
        await this.#startOnce()
        return
      } catch (error) {
        await this.kill9()
        // Between finding a port and binding it, another test may have taken it.
        const said = (await readLog(this.errorLog)).slice(logBefore)
        const isPortTaken = /Address already in use|Bind on TCP\/IP port/i.test(said)
        if (!isPortTaken || attempt === portAttempts || this.#options.port !== undefined) {
          const tail = said.trim().split('\n').slice(-15).join('\n')
          throw new Error(`${this.installation.kind} did not start: ${String(error)}\n${tail}`, {
            cause: error,
          })
        }
        this.port = 0
      }
    }
  }

  async #startOnce(): Promise<void> {
    const child = spawn(this.installation.serverProgram, this.#arguments(), {
      detached: true,
      stdio: 'ignore',
    })
    // A test that forgets its server must still come to its end; the warden then ends the server.
    child.unref()
    this.#child = child
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined
    })
    let spawnError: unknown
    child.once('error', (error) => {
      spawnError = error
      this.#child = undefined
    })
    const deadline = performance.now() + startTimeoutMs
    while (!(await greets(this.socketPath))) {
      this.#options.signal?.throwIfAborted()
      if (spawnError !== undefined) throw spawnError
      if (this.#child !== child) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`)
      if (performance.now() > deadline) throw new Error(`no answer within ${startTimeoutMs / 1000} s`)
      await sleep(15)
    }
  }

  #arguments(): string[] {
    const { durable = false, log_bin: logBin = true } = this.#options
    const isMysql = this.installation.flavour === 'mysql'
    return [
      ...commonArguments(this.dataDir),
      `--socket=${this.socketPath}`,
      `--pid-file=${path.join(this.folder, 'pid')}`,
      `--log-error=${this.errorLog}`,
      `--tmpdir=${path.join(this.folder, 'tmp')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.port}`,
      '--skip-name-resolve',
      '--local-infile=1',
      `--server-id=${this.#serverId}`,
      '--innodb-buffer-pool-size=64M',
      // kill9 keeps what was committed (the kernel has it); only a power cut would lose it.
      ...(durable ? [] : ['--innodb-flush-log-at-trx-commit=2', '--skip-innodb-doublewrite']),
      ...(logBin ? ['--log-bin=binlog', `--sync-binlog=${durable ? 1 : 0}`] : ['--skip-log-bin']),
      ...(isMysql
        ? [
            '--innodb-redo-log-capacity=64M',
            '--gtid-mode=ON',
            '--enforce-gtid-consistency=ON',
            ...smallPerformanceSchema,
          ]
        : ['--innodb-log-file-size=64M', '--performance-schema=OFF']),
      ...(this.#hasCertificate
        ? [
            `--ssl-cert=${path.join(this.dataDir, templateCertificate)}`,
            `--ssl-key=${path.join(this.dataDir, templateKey)}`,
          ]
        : []),
      ...templateArguments(this.#options),
      ...(isMysql || !logBin ? [] : ['--binlog-format=ROW', '--binlog-row-image=FULL']),
      ...this.#args,
    ]
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = once(child, 'exit')
    child.ref()
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await ended
    clearTimeout(timer)
  }

  async kill9(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await ended
  }

  async restart(options: { args?: readonly string[] } = {}): Promise<void> {
    await this.stop()
    if (options.args) this.#args = options.args
    await this.start()
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** A throw-away server needs no clean end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill9()
    const keep = process.env['HOLDFAST_KEEP_LOGS']
    if (keep && (await exists(this.errorLog))) {
      await copyFile(this.errorLog, path.join(keep, `${path.basename(this.folder)}.log`))
    }
    await this.#owned[Symbol.asyncDispose]()
  }
}

async function readLog(file: string): Promise<string> {
  await appendFile(file, '')
  return readFile(file, 'utf8')
}

/**
 * A port that nobody listens on now. Below 32768, where Linux begins to take ports for outgoing connections
 * (ip_local_port_range), so that a stopped server finds its port free when it starts again.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768)
    const probe = createServer()
    probe.listen(port, '127.0.0.1')
    try {
      await once(probe, 'listening')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue
      throw error
    }
    probe.close()
    await once(probe, 'close')
    return port
  }
}
