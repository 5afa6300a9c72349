// The real program, as a user runs it: bin/holdfast.js of this checkout in processes of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Narrator } from './narrator.ts'

const program = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))

/** Exit status of work that was done with warnings. */
const doneWithWarnings = 3

export class HoldfastProgram {
  readonly #narrator: Narrator
  readonly #environment: Readonly<Record<string, string>>

  /** `environment` holds what every command needs: the repository, the recovery key, a state folder. */
  constructor(narrator: Narrator, environment: Readonly<Record<string, string>>) {
    this.#narrator = narrator
    this.#environment = environment
  }

  /** Runs a command to its end, showing it and what it says. Throws when it fails. */
  async run(...words: readonly string[]): Promise<string> {
    this.#show(words)
    const { stdout, stderr, status } = await finish(this.#spawn(words))
    const said = [stderr, stdout].map((text) => text.trimEnd()).filter((text) => text !== '')
    if (said.length > 0) this.#narrator.output(said.join('\n'))
    requireSuccess(words, status, '')
    return stdout
  }

  /** The same behind the scenes: only what it answers counts. */
  async ask(...words: readonly string[]): Promise<string> {
    const { stdout, stderr, status } = await finish(this.#spawn(words))
    requireSuccess(words, status, stderr)
    return stdout
  }

  /** Starts a command that runs until it is stopped. */
  start(...words: readonly string[]): BackgroundRun {
    this.#show(words, ' &')
    return new BackgroundRun(words, this.#spawn(words))
  }

  #show(words: readonly string[], end = ''): void {
    this.#narrator.command(`holdfast ${words.map(shellWord).join(' ')}${end}`)
  }

  #spawn(words: readonly string[]): ChildProcess {
    return spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    })
  }
}

/** A running command; dispose ends it. */
export class BackgroundRun implements AsyncDisposable {
  readonly #words: readonly string[]
  readonly #child: ChildProcess
  readonly #end: Promise<Finished>

  constructor(words: readonly string[], child: ChildProcess) {
    this.#words = words
    this.#child = child
    this.#end = finish(child)
    // Whoever stops it asks how it ended; until then its failure is no unhandled rejection.
    this.#end.catch(() => undefined)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Ctrl-C, and the wait for its orderly end. Returns what it printed. */
  async interrupt(): Promise<string> {
    this.#child.kill('SIGINT')
    const { stdout, stderr, status } = await this.#end
    // 130 is the exit status of an interrupted command.
    if (status !== 130) requireSuccess(this.#words, status, stderr)
    return `${stderr}${stdout}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL')
    await this.#end
  }
}

interface Finished {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | string
}

async function finish(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child, 'close')
  return { stdout, stderr, status: child.exitCode ?? child.signalCode ?? 'unknown' }
}

function requireSuccess(words: readonly string[], status: number | string, said: string): void {
  if (status === 0 || status === doneWithWarnings) return
  throw new Error(`holdfast ${words.join(' ')} ended with ${status}${said === '' ? '' : `: ${said.trim()}`}`)
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
