// Runs the real program on a terminal of its own, and types what a person would when asked.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { program } from './program.ts'

export interface Typed {
  /** Typed once this has appeared on the screen. */
  readonly after: RegExp
  /** `\r` is the Enter key, `\x04` Ctrl-D, `\x03` Ctrl-C. */
  readonly keys: string
}

export interface TerminalRun {
  readonly exit: number | null
  /** Everything that appeared on the screen, what the terminal echoed included. */
  readonly screen: string
}

/** `script` of util-linux makes the terminal: stdin, stdout and stderr are one. Killed after a minute. */
export async function holdfastOnTerminal(
  words: readonly string[],
  typed: readonly Typed[],
  env: Readonly<Record<string, string>> = {},
): Promise<TerminalRun> {
  const line = [process.execPath, program, ...words].map(shellWord).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', TERM: 'dumb', TZ: 'UTC', ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let screen = ''
  const left = [...typed]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    const next = left[0]
    if (next?.after.test(screen) !== true) return
    left.shift()
    child.stdin.write(next.keys)
  })
  await once(child, 'close')
  return { exit: child.exitCode, screen }
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
