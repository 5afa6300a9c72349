// Adds up what passed and failed, and passes the sum on to a caller such as .ci/run.
import { appendFileSync } from 'node:fs'

export interface Tally {
  passed: number
  failed: number
}

/** Prints the closing line, and appends it to the file that HOLDFAST_TALLY names; the exit status follows it. */
export function closeTally(tally: Tally): void {
  const line = `${tally.passed} passed, ${tally.failed} failed`
  process.stdout.write(`${line}\n`)
  const file = process.env['HOLDFAST_TALLY']
  if (file) appendFileSync(file, `${line}\n`)
  process.exitCode = tally.failed === 0 ? 0 : 1
}
