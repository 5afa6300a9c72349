// Runs one program to its end and gives its output, or an error that shows what the program said.
import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string
  /** Written to the program's standard input, which is closed afterwards. */
  readonly input?: string | Buffer
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** The tail of a failing program's talk that goes into the error: enough for a cause, not a whole log. */
const saidBytes = 4096

export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    signal: options.signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  let said = ''
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-saidBytes)
  })
  // A program may end before it has read all its input; its exit status tells the story, not the broken pipe.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') child.emit('error', error)
  })
  child.stdin.end(options.input ?? '')
  const { promise, resolve, reject } = Promise.withResolvers<number | string>()
  child.once('error', reject)
  child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  const status = await promise
  const text = Buffer.concat(output).toString()
  if (status !== 0) {
    const talk = (said || text.slice(-saidBytes)).trim()
    throw new Error(`${program} ended with ${status}: ${talk}`)
  }
  return text
}
