// Programs of the host for its volumes: on PATH, or where they lie for root alone.
import { HoldfastError } from '../../core/errors.ts'
import { isExecutable, onPath } from '../../process/on-path.ts'
import { runProgram } from '../../process/run-program.ts'

/** Throws TOOL_MISSING; to be asked before anybody waits for a lock. */
export async function hostProgram(name: string): Promise<string> {
  for (const file of onPath([name], process.env)) if (await isExecutable(file)) return file
  throw new HoldfastError('TOOL_MISSING', `no ${name} is on this machine's PATH`, { program: name })
}

/** Answers what it printed. Throws TOOL_MISSING, or FAILED with its last words. */
export async function runHostProgram(
  name: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  return await runProgram(await hostProgram(name), args, { signal })
}
