// Everything that is checked without running the code: types, lint, format, generated files, unused code.
import { spawnSync } from 'node:child_process'
import { closeTally } from './tally.ts'

const checks: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'biome', 'ci', '--colors=off'],
  ['lint rules match the layers', process.execPath, 'scripts/lint-config.mjs', '--check'],
  ['unused code', 'knip', '--no-progress'],
]

const tally = { passed: 0, failed: 0 }
for (const [name, program, ...args] of checks) {
  const start = performance.now()
  // The reports are short unless something is very wrong; 32 MiB holds any of them.
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 32 * 1024 * 1024,
  })
  const isGood = status === 0
  if (isGood) tally.passed += 1
  else tally.failed += 1
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`${isGood ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
  if (!isGood) process.stdout.write(`${error ? String(error) : ''}${stdout}${stderr}\n`)
}
closeTally(tally)
