// Runs the real program as a person or a script would: bin/holdfast.js in a process of its own.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { guardedFolder } from '../../scripts/servers/warden.ts'
import { commonExits } from '../../src/cli/exit-statuses.table.ts'
import { verbs } from '../../src/cli/verbs.table.ts'
import { program } from './program.ts'

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

// One for each test process: what a host remembers between commands is part of what is tested. Gone with the process.
let home: Promise<{ readonly path: string }> | undefined

/** Runs `holdfast words…` and waits for its end. The environment holds nothing of the developer's own. */
export async function holdfast(words: readonly string[], options: RunOptions = {}): Promise<HoldfastRun> {
  home ??= guardedFolder('hf-home')
  const { path: homeFolder } = await home
  const call = [...(options.through ?? []), process.execPath, program, ...words]
  const child = spawn(call[0] ?? '', call.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: homeFolder, TZ: 'UTC', ...options.env },
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
  assertDeclared(words, child.exitCode, stderr)
  return {
    exit: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
    output: `exit ${child.exitCode ?? child.signalCode}\nstdout: ${stdout}\nstderr: ${stderr}`,
  }
}

/** Scripts rely on the statuses that the help of a verb tells: no run of any test may end with another one. */
function assertDeclared(words: readonly string[], exit: number | null, stderr: string): void {
  const verb = verbs.find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `))
  if (verb === undefined || exit === null) return
  const declared = [...commonExits, ...verb.exits]
  assert.ok(declared.includes(exit), `holdfast ${verb.name} may not end with ${exit}, and did: ${stderr}`)
}

/** Runs holdfast and fails the test when it does not end with 0. */
export async function succeed(words: readonly string[], options: RunOptions = {}): Promise<HoldfastRun> {
  const run = await holdfast(words, options)
  assert.equal(run.exit, 0, `holdfast ${words.join(' ')}: ${run.output}`)
  return run
}

/** Checks that a run was refused as promised: its exit status, one sentence that matches, a hint, and nothing of a bug. */
export function assertRefused(run: HoldfastRun, exit: number, sentence: RegExp): void {
  assert.equal(run.exit, exit, run.output)
  assert.match(run.stderr, sentence, run.output)
  assert.match(run.stderr, /^ {2}hint: \S/m, run.output)
  assert.doesNotMatch(run.stderr, /This is a bug/, run.output)
}
