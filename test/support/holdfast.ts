// Runs the real program as a person or a script would: bin/holdfast.js in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))

export interface HoldfastRun {
  readonly exit: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Everything that was printed, for messages of failed assertions. */
  readonly output: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Called with each chunk of stderr or stdout, to act at a certain moment. */
  readonly onOutput?: (text: string, child: ChildProcess) => void
  readonly onStart?: (child: ChildProcess) => void
  /** Runs this program with the words below instead: `prlimit`, `sh -c`, … */
  readonly through?: readonly string[]
  /** Kills the run after this long; a test then fails on `signal`. */
  readonly timeoutMs?: number
}

/** Runs `holdfast words…` and waits for its end. The environment of tests holds nothing of the developer's own. */
export async function holdfast(words: readonly string[], options: RunOptions = {}): Promise<HoldfastRun> {
  const call = [...(options.through ?? []), process.execPath, program, ...words]
  const child = spawn(call[0] ?? '', call.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', TZ: 'UTC', ...options.env },
    timeout: options.timeoutMs ?? 120_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.onOutput?.(text, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    options.onOutput?.(text, child)
  })
  options.onStart?.(child)
  await once(child, 'close')
  return {
    exit: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
    output: `exit ${child.exitCode ?? child.signalCode}\nstdout: ${stdout}\nstderr: ${stderr}`,
  }
}
