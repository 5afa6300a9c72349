// A child program from start to end: what it wrote, or why it failed.
import { HoldfastError } from '../core/errors.ts'
import { type ProgramOptions, startProgram } from './start-program.ts'

/** What is read of a program's answer: a version, a listing. */
const maxOutputBytes = 1024 * 1024

/** The shell's own: not executable, and not found. */
const notRunStatuses = [126, 127]

/** Answers stdout. Throws TOOL_MISSING, or FAILED with the end of what the program said. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  await using running = await startProgram(program, args, options)
  let output = ''
  running.stdout.on('data', (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-maxOutputBytes)
  })
  const { status, said } = await running.ended
  options.signal?.throwIfAborted()
  if (status === 0) return output
  const words = lastLines(said) || lastLines(output) || 'it said nothing'
  if (notRunStatuses.includes(status)) {
    throw new HoldfastError('TOOL_MISSING', `${program} cannot be run: ${words}`, { program })
  }
  throw new HoldfastError('FAILED', `${program} ended with status ${status}: ${words}`, { program, status })
}

/** The last lines of what a program said, for a message. */
export function lastLines(text: string, lines = 5): string {
  return text.trim().split('\n').slice(-lines).join('\n')
}
