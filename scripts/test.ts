// Runs the tests: `test [unit|contract|integration|e2e|slow|<part of a path>…] [--flag of node --test…]`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, glob, readFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestCounts } from './count-reporter.ts'
import { installProgram } from './installed-program.ts'
import { mountMemory, roomInMemory } from './memory-room.ts'
import { ensureInstallation } from './servers/installation.ts'
import { isServerKind, serverKinds } from './servers/server-kinds.ts'
import { ensureTemplate } from './servers/template.ts'
import { guardedFolder } from './servers/warden.ts'
import { closeTally, type Tally } from './tally.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** Folders of tests by the word that chooses them; `slow` runs only when asked for. */
const groups: Readonly<Record<string, readonly string[]>> = {
  unit: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
  contract: ['test/contract/**/*.test.ts'],
  integration: ['test/integration/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  slow: ['test/slow/**/*.test.ts'],
}

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const chosenGroups = words.filter((word) => word in groups)
const pathParts = words.filter((word) => !(word in groups)).map((word) => word.replace(/^\.\//, ''))

/** Servers and their clients want a share of the cores, but a fourth of a test's time they all wait for something. */
const concurrency = availableParallelism() + 1
const minutes = 60_000
/** A test that waits in vain may keep its process from ending after its own time-out. Of the slow ones nobody knows. */
const wholeRunLimit = chosenGroups.includes('slow') ? undefined : 45 * minutes
/** Node's own place, which the program under test uses too; outside of the folder of one run, because it pays in the next. */
const compileCache = path.join(tmpdir(), 'node-compile-cache')

const tally: Tally = { passed: 0, failed: 0 }
const started = performance.now()
const unit = await testFiles(['unit'])
const others = await testFiles(['contract', 'integration', 'e2e', 'slow'])
if (unit.length + others.length === 0) {
  process.stderr.write(`no test file matches ${words.join(' ')}\n`)
  process.exit(2)
}
// Whoever chose a folder for temporary files means it.
const base = process.env['TMPDIR'] === undefined ? await roomInMemory() : undefined
await using folder = await guardedFolder('hf-run', base)
await using mounts = new AsyncDisposableStack()
if (base !== undefined) mounts.use(await mountMemory(folder.path))
// Some tests run programs as other accounts, which have to get through.
await chmod(folder.path, 0o711)
const program = path.join(folder.path, 'program')
// One process for all of them: they are pure, and starting a process takes longer than running them.
if (unit.length > 0) await runTests(['--test-isolation=none', `--test-timeout=${minutes}`], unit)
if (others.length > 0 && (await prepare())) {
  const limit = chosenGroups.includes('slow') ? 120 * minutes : 10 * minutes
  await runTests([`--test-concurrency=${concurrency}`, `--test-timeout=${limit}`], others)
}
process.stdout.write(`tests took ${((performance.now() - started) / 1000).toFixed(0)} s: `)
closeTally(tally)

async function testFiles(names: readonly string[]): Promise<string[]> {
  const wanted = names.filter((name) =>
    chosenGroups.length > 0 ? chosenGroups.includes(name) : name !== 'slow' || pathParts.length > 0,
  )
  const files: string[] = []
  for await (const file of glob(
    wanted.flatMap((name) => groups[name] ?? []),
    { cwd: root },
  )) {
    if (pathParts.length === 0 || pathParts.some((part) => file.includes(part))) files.push(file)
  }
  return files.toSorted()
}

/** Builds what is shipped, which tests of the command line run, and fetches the servers once instead of in every test process. */
async function prepare(): Promise<boolean> {
  try {
    const kinds = process.env['HOLDFAST_TEST_SERVERS']?.split(',').filter(isServerKind) ?? serverKinds
    await Promise.all([
      installProgram(program),
      ...kinds.map(async (kind) => ensureTemplate(await ensureInstallation(kind))),
    ])
    return true
  } catch (error) {
    process.stdout.write(`FAIL preparing the tests: ${String(error)}\n`)
    tally.failed += 1
    return false
  }
}

async function runTests(options: readonly string[], files: readonly string[]): Promise<void> {
  const countsFile = path.join(folder.path, 'counts')
  const child = spawn(
    process.execPath,
    [
      '--test',
      ...options,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${path.join(root, 'scripts', 'count-reporter.ts')}`,
      `--test-reporter-destination=${countsFile}`,
      ...flags,
      ...files,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        TMPDIR: folder.path,
        NODE_COMPILE_CACHE: compileCache,
        HOLDFAST_TEST_PROGRAM: path.join(program, 'bin', 'holdfast.js'),
      },
    },
  )
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGTERM', forward)
  process.on('SIGINT', waitForChild)
  const limit = wholeRunLimit === undefined ? undefined : setTimeout(() => endRun(child), wholeRunLimit)
  const [code, signal] = await once(child, 'exit')
  clearTimeout(limit)
  process.off('SIGTERM', forward)
  process.off('SIGINT', waitForChild)
  if (signal !== null || code === 130) process.exitCode = 130
  const text = await readFile(countsFile, 'utf8').catch(() => '')
  const counts: TestCounts =
    text === '' ? { passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 } : JSON.parse(text)
  // The house has no skipped tests: what cannot run is not proven. A name filter skips by design.
  const left = flags.length === 0 ? counts.skipped + counts.todo : 0
  const failed = counts.failed + counts.cancelled + left
  tally.passed += counts.passed
  // A run that ends badly without a failed test (a file that cannot be loaded, a crash) is a failure too.
  tally.failed += failed === 0 && code !== 0 ? 1 : failed
}

/** As if by Ctrl-C, so that what still runs is named. */
function endRun(child: ChildProcess): void {
  process.stdout.write('FAIL the tests did not end in time\n')
  tally.failed += 1
  child.kill('SIGINT')
}

/** The terminal sends Ctrl-C to the whole group; the test processes end and clear up, and then we do. */
function waitForChild(): void {
  process.stderr.write('interrupted\n')
}
