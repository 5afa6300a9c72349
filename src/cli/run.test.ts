import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import { type CallContext, run } from './run.ts'
import { optionalSourceArgument } from './shared-options.table.ts'
import type { VerbRun, VerbSpec } from './verb.ts'

interface Call {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a verb `work` whose code is `code`. `interrupt` aborts as Ctrl-C does. */
async function call(
  words: readonly string[],
  code: (context: Parameters<VerbRun>[0], interrupt: () => void) => ReturnType<VerbRun>,
  json: VerbSpec['json'] = 'lines',
): Promise<Call> {
  let stdout = ''
  let stderr = ''
  const interruption = new AbortController()
  const context: CallContext = {
    verbs: [
      {
        name: 'work',
        group: 'See',
        summary: 'work',
        json,
        examples: [],
        arguments: [optionalSourceArgument],
        options: [
          { name: 'json', kind: 'flag', group: 'Output', help: '' },
          { name: 'quiet', short: 'q', kind: 'flag', group: 'Output', help: '' },
        ],
        exits: [],
        load: async () => ({
          run: (given) =>
            code(given, () => interruption.abort(new HoldfastError('INTERRUPTED', 'interrupted'))),
        }),
      },
    ],
    env: {},
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    writeOutput: async (bytes) => {
      stdout += Buffer.from(bytes).toString()
    },
    prompt: { isPossible: false, ask: async () => '', askSecret: async () => '' },
    version: '1.2.3',
    interruption: () => ({ signal: interruption.signal, [Symbol.dispose]: () => undefined }),
  }
  const exit = await run(words, context)
  return { exit, stdout, stderr }
}

const answer = { text: 'all is well', json: { wellness: 9n } }

test('the answer goes to stdout and the talk to stderr', async () => {
  const result = await call(['work'], async ({ emit, say }) => {
    emit({ type: 'phase', phase: 'working' })
    say('half way')
    return answer
  })
  assert.deepEqual(result, { exit: 0, stdout: 'all is well\n', stderr: 'working\nhalf way\n' })
})

test('a warning makes the exit status 3 and is printed even with --quiet', async () => {
  const result = await call(['work', '--quiet'], async ({ emit }) => {
    emit({ type: 'phase', phase: 'working' })
    emit({ type: 'notice', level: 'info', message: 'fine' })
    emit({ type: 'notice', level: 'warning', message: 'odd' })
    return answer
  })
  assert.deepEqual(result, { exit: 3, stdout: 'all is well\n', stderr: 'warning: odd\n' })
})

test('long work in JSON is lines with a type, the result last, and big numbers as text', async () => {
  const result = await call(['work', '--json'], async ({ emit }) => {
    emit({ type: 'phase', phase: 'working' })
    emit({ type: 'progress', phase: 'working', done: 1, unit: 'bytes' })
    return answer
  })
  const lines = result.stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  assert.deepEqual(lines, [
    { type: 'phase', phase: 'working' },
    { type: 'progress', phase: 'working', done: 1, unit: 'bytes' },
    { type: 'result', wellness: '9' },
  ])
  assert.equal(result.stderr, '')
})

test('a query in JSON is one document', async () => {
  const result = await call(
    ['work', '--json'],
    async ({ emit }) => {
      emit({ type: 'phase', phase: 'reading' })
      return answer
    },
    'document',
  )
  assert.deepEqual(JSON.parse(result.stdout), { wellness: '9' })
})

async function failing(): Promise<never> {
  throw new HoldfastError('REPOSITORY_LOCKED', 'busy', { by: 'x' }, { cause: new Error('held since noon') })
}

test('a failure gives its exit status, its message, its causes and its hint', async () => {
  const text = await call(['work'], failing)
  assert.equal(text.exit, 11)
  assert.equal(text.stdout, '')
  assert.match(text.stderr, /^holdfast: busy\n {2}because: held since noon\n {2}hint: Wait for /)
  const json = await call(['work', '--json'], failing)
  assert.equal(json.exit, 11)
  const document: unknown = JSON.parse(json.stdout)
  assert.deepEqual(document, {
    type: 'error',
    code: 'REPOSITORY_LOCKED',
    exit: 11,
    message: 'busy',
    hint: 'Wait for the other command to end; its lease runs out by itself if it died.',
    details: { by: 'x' },
    causes: ['held since noon'],
  })
})

test('an unexpected error is status 70 with its stack and the version', async () => {
  const result = await call(['work'], async () => {
    throw new TypeError('x is not a function')
  })
  assert.equal(result.exit, 70)
  assert.match(result.stderr, /unexpected: x is not a function/)
  assert.match(result.stderr, /run\.test\.ts:\d+/)
  assert.match(result.stderr, /This is a bug in Holdfast.*\nHoldfast 1\.2\.3, Node /)
})

test('what breaks because of an interruption is reported as the interruption', async () => {
  const result = await call(['work'], async (_, interrupt) => {
    interrupt()
    throw new HoldfastError('CONNECTION_LOST', 'query was killed')
  })
  assert.deepEqual(result, { exit: 130, stdout: '', stderr: 'holdfast: interrupted\n' })
})

test('work that ends well after an interruption prints its answer and still ends with 130', async () => {
  const result = await call(['work'], async (_, interrupt) => {
    interrupt()
    return answer
  })
  assert.deepEqual(result, { exit: 130, stdout: 'all is well\n', stderr: '' })
})

test('a command line that asks for JSON gets its usage error in JSON', async () => {
  const result = await call(['wrk', '--json'], async () => answer)
  assert.equal(result.exit, 2)
  assert.equal(new Map<string, unknown>(Object.entries(JSON.parse(result.stdout))).get('code'), 'USAGE')
})

function lose(...words: readonly string[]): Promise<Call> {
  return call(words, () => Promise.reject(new HoldfastError('POINT_OUTSIDE_WINDOW', 'too early')))
}

test('a hint says the verb and the name that were typed, where it would say a placeholder', async () => {
  assert.match((await lose('work', 'shop')).stderr, /hint: .*holdfast list shop$/m)
  assert.match((await lose('work', '$(reboot)')).stderr, /hint: .*holdfast list NAME$/m)
  assert.match((await lose('work', '--nope')).stderr, /hint: See: holdfast work --help$/m)
  assert.match((await lose('nope')).stderr, /hint: See: holdfast --help$/m)
})
