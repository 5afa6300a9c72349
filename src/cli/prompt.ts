// Questions to a person at a terminal. Off a terminal nothing is ever asked: the question becomes an error that names
// the flag which answers it.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

export interface Prompt {
  /** True when somebody can answer: stdin and stderr are terminals. */
  readonly isPossible: boolean
  /** Asks on stderr and gives the line typed, without its end. */
  ask(question: string, signal: AbortSignal): Promise<string>
  /** The same without echo. */
  askSecret(question: string, signal: AbortSignal): Promise<string>
}

export function terminalPrompt(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Prompt {
  return {
    isPossible: input.isTTY && output.isTTY,
    ask: (question, signal) => askLine(input, output, question, signal),
    askSecret: async (question, signal) => {
      output.write(question)
      // readline echoes what is typed to its output; a password goes to one that forgets it.
      const answer = await askLine(input, blackHole(), '', signal)
      output.write('\n')
      return answer
    },
  }
}

async function askLine(
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const lines = createInterface({ input, output, terminal: true })
  // In raw mode Ctrl-C arrives as a key, not as a signal: hand it on as the signal that it stands for.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question(question, { signal })
  } finally {
    lines.close()
  }
}

function blackHole(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
