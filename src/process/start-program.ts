// Child programs: one way to start them, to hear why they failed, and to be sure that they never outlive us.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { Duplex, type Readable } from 'node:stream'
import { HoldfastError } from '../core/errors.ts'

export interface ProgramOptions {
  /** Instead of our own environment, which is passed on without what may be secret. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The account to run it as; only root may choose. */
  readonly uid?: number
  readonly gid?: number
  /** Stops the program by the kill ladder. */
  readonly signal?: AbortSignal | undefined
}

export interface ProgramEnd {
  /** 0 is success; 128 and more: 128 and the number of the signal it ended by. */
  readonly status: number
  /** The last 16 KiB of what it said on stderr. */
  readonly said: string
}

export interface RunningProgram extends AsyncDisposable {
  /** Of the program itself. */
  readonly pid: number
  /** Must be read to its end, or `resume`d: a program waits when nobody takes its output. */
  readonly stdout: Readable
  /** Never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** SIGTERM; then SIGKILL when it is still there after `graceMs` (default: it may take as long as it wants). */
  stop(graceMs?: number): Promise<ProgramEnd>
  kill(): Promise<ProgramEnd>
}

const saidBytes = 16 * 1024

/** Of a line: a program that prints a whole page of a file would have nothing else left of what it said. */
const lineBytes = 2 * 1024

/** Time for what a program said last to be read when it has ended. */
const lastWordsMs = 1000

/** Time to end by itself for a program whose work was cancelled. */
const cancelGraceMs = 10_000

/**
 * The shell between us and the program holds one end of a socket, fd 3. When we end in whatever way, it reads an end of file there and
 * kills the program; a line says that the program has ended already, and that its process id may belong to another by now.
 */
const guard = `
exec 4<&0
"$@" <&4 4<&- 3<&- &
pid=$!
echo "$pid" >&3
{ read -r line <&3 || kill -KILL "$pid"; } <&3 4<&- >/dev/null 2>&1 &
exec 3<&- 4<&-
wait "$pid"
`

/**
 * Starts `program` with exactly these arguments, in a session of its own, so that the keys of a terminal reach us alone. Arguments are
 * seen by every user of the machine: none may be a secret. Throws TOOL_MISSING when there is no such program.
 */
export async function startProgram(
  program: string,
  args: readonly string[],
  { env = passedOn(process.env), cwd, uid, gid, signal }: ProgramOptions = {},
): Promise<RunningProgram> {
  signal?.throwIfAborted()
  const child = spawn('/bin/sh', ['-c', guard, 'sh', program, ...args], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  const running = new Program(child)
  await running.started(program)
  if (signal !== undefined) running.endWith(signal)
  return running
}

class Program implements RunningProgram {
  readonly ended: Promise<ProgramEnd>
  readonly stdout: Readable
  pid = 0
  readonly #line: Duplex
  #said = ''
  #hasEnded = false

  constructor(child: ChildProcess) {
    this.stdout = child.stdout!
    const line = child.stdio[3]
    assert(line instanceof Duplex, 'fd 3 is a socket')
    this.#line = line
    this.#line.on('error', ignoreBrokenLine)
    child.stderr!.on('data', (bytes: Buffer) => {
      this.#said = withoutLongLines(this.#said + bytes.toString()).slice(-saidBytes)
    })
    const { promise, resolve } = Promise.withResolvers<ProgramEnd>()
    child.once('exit', (code) => {
      this.#hasEnded = true
      this.#line.end('\n')
      this.#endOutput(child, () => resolve({ status: code ?? 255, said: this.#said }))
    })
    child.once('error', (error) => resolve({ status: 127, said: error.message }))
    child.once('close', (code) => resolve({ status: code ?? 255, said: this.#said }))
    this.ended = promise
  }

  /**
   * What it left running, a daemon that it started, may hold its output open for ever: given up when nothing more comes of it. A reader that
   * takes its time still gets all.
   */
  #endOutput(child: ChildProcess, end: () => void): void {
    const { stdout } = child
    assert(stdout instanceof Socket, 'the output of a child is a socket')
    let seen = -1
    const look = setInterval(() => {
      const isQuiet = stdout.readableLength === 0 && stdout.bytesRead === seen
      seen = stdout.bytesRead
      if (!isQuiet) return
      clearInterval(look)
      for (const output of [stdout, child.stderr!]) output.destroy()
      end()
    }, lastWordsMs).unref()
    child.once('close', () => clearInterval(look))
  }

  /** Waits for the process id. */
  async started(program: string): Promise<void> {
    let text = ''
    while (!text.endsWith('\n')) {
      const came = await Promise.race([once(this.#line, 'data'), this.ended])
      if (!Array.isArray(came)) throw notRun(program, came)
      text += String(came[0])
    }
    this.pid = Number(text)
  }

  endWith(signal: AbortSignal): void {
    const stop = (): void => void this.stop(cancelGraceMs)
    // It may have been while the program was being started.
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    void this.ended.then(() => signal.removeEventListener('abort', stop))
  }

  async stop(graceMs?: number): Promise<ProgramEnd> {
    this.#send('SIGTERM')
    const timer = graceMs === undefined ? undefined : setTimeout(() => this.#send('SIGKILL'), graceMs)
    const end = await this.ended
    clearTimeout(timer)
    return end
  }

  async kill(): Promise<ProgramEnd> {
    this.#send('SIGKILL')
    this.stdout.resume()
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #send(name: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#hasEnded) return
    try {
      process.kill(this.pid, name)
    } catch (error) {
      // It ended just now, and we have not heard yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
}

/** A line that is still being written keeps its beginning as well. */
function withoutLongLines(text: string): string {
  if (text.length <= lineBytes) return text
  return text
    .split('\n')
    .map((line) => line.slice(0, lineBytes))
    .join('\n')
}

/** The shell closes its end when the program ends; that is heard from its exit. */
function ignoreBrokenLine(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error
}

function notRun(program: string, { said }: ProgramEnd): HoldfastError {
  return new HoldfastError('TOOL_MISSING', `${program} cannot be run: ${said.trim()}`, { program })
}

/** Of our environment, what a child may see: not where our keys lie, and no password. */
export function passedOn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('HOLDFAST_') && name !== 'MYSQL_PWD')
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}
