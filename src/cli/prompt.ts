// Questions to a person at a terminal. Off a terminal nothing is ever asked: the question becomes an error that names
// the flag which answers it.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { HoldfastError } from '../core/errors.ts'

export interface Prompt {
  /** True when somebody can answer: stdin and stderr are terminals. */
  readonly isPossible: boolean
  /** Asks on stderr and gives the line typed, without its end. Throws CONFIRMATION_MISSING when there is none (Ctrl-D). */
  ask(question: string, signal: AbortSignal): Promise<string>
  /** The same without echo, for a password. Throws CONFIG_INVALID when none is typed. */
  askSecret(question: string, signal: AbortSignal): Promise<string>
}

export function terminalPrompt(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Prompt {
  return {
    isPossible: input.isTTY && output.isTTY,
    ask: async (question, signal) => {
      const answer = await askLine(input, output, question, signal)
      if (answer !== undefined) return answer
      output.write('\n')
      throw new HoldfastError('CONFIRMATION_MISSING', 'nothing was typed; nothing was changed')
    },
    askSecret: async (question, signal) => {
      // readline echoes what is typed to its output; a password goes to one that forgets it.
      const answer = await askLine(input, blackHole(), '', signal, () => output.write(question))
      output.write('\n')
      if (answer !== undefined) return answer
      throw new HoldfastError(
        'CONFIG_INVALID',
        'no password was typed',
        {},
        { hint: 'Type it when asked, or give it in an option file: --defaults-file FILE' },
      )
    },
  }
}

/** The line typed, or undefined when the input ends instead. */
async function askLine(
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
  question: string,
  signal: AbortSignal,
  onReady: () => unknown = () => undefined,
): Promise<string | undefined> {
  const lines = createInterface({ input, output, terminal: true })
  // In raw mode Ctrl-C arrives as a key, not as a signal: hand it on as the signal that it stands for.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = new Promise<undefined>((resolve) => {
    lines.once('close', () => resolve(undefined))
  })
  try {
    // Only now are keys taken one by one and not echoed by the terminal itself.
    onReady()
    const line = lines.question(question, { signal })
    // Ctrl-D both closes and rejects; an input that ends only closes.
    line.catch(() => undefined)
    return await Promise.race([line, ended])
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Error && error.name === 'AbortError') return undefined
    throw error
  } finally {
    lines.close()
  }
}

function blackHole(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
