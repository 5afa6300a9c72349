// The program: joins the verbs to the process it runs in.
import packageJson from '../../package.json' with { type: 'json' }
import { errorCodes } from '../core/error-codes.table.ts'
import { HoldfastError } from '../core/errors.ts'
import { asHoldfastError, errorText } from './error-report.ts'
import { onInterruption } from './interruption.ts'
import { terminalPrompt } from './prompt.ts'
import { run } from './run.ts'
import { verbs } from './verbs.table.ts'

// The work is over by then; only a forgotten socket or timer can hold the process, and nobody should wait for that.
const lingerMs = 2000

/** Runs the command line of this process and sets its exit status. */
export async function main(): Promise<void> {
  const { version } = packageJson
  surviveClosedOutput()
  process.on('uncaughtException', (thrown) => {
    console.error(errorText(asHoldfastError(thrown), { version }))
    process.exit(errorCodes.BUG.exit)
  })
  process.exitCode = await run(process.argv.slice(2), {
    verbs,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    writeOutput,
    prompt: terminalPrompt(process.stdin, process.stderr),
    version,
    interruption: onInterruption,
  })
  setTimeout(() => process.exit(), lingerMs).unref()
}

/** Resolves when stdout has taken the bytes: that is the back-pressure. */
function writeOutput(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) resolve()
      else
        reject(new HoldfastError('FAILED', `cannot write to stdout: ${error.message}`, {}, { cause: error }))
    })
  })
}

/** `holdfast list | head -1`: when the reader has gone there is nobody left to tell, but a backup still gets done. */
function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return
      if (stream === process.stdout) console.error(`holdfast: cannot write the answer: ${error.message}`)
      process.exit(errorCodes.FAILED.exit)
    })
  }
}
