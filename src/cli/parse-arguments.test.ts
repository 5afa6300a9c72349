import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import { parseArguments } from './parse-arguments.ts'
import { verbs } from './verbs.table.ts'

function parse(line: string, env: Record<string, string> = {}): ReturnType<typeof parseArguments> {
  return parseArguments(line.split(' ').filter(Boolean), verbs, env)
}

function verb(
  line: string,
  env: Record<string, string> = {},
): Extract<ReturnType<typeof parse>, { kind: 'verb' }> {
  const call = parse(line, env)
  assert.equal(call.kind, 'verb')
  return call.kind === 'verb' ? call : assert.fail()
}

function refusal(line: string): HoldfastError {
  try {
    parse(line)
  } catch (error) {
    assert.ok(error instanceof HoldfastError)
    assert.equal(error.code, 'USAGE')
    return error
  }
  return assert.fail(`was accepted: ${line}`)
}

test('a verb is read with its argument, its options and its lists', () => {
  const call = verb(
    'backup mysql://u@h/ --repository /r --schemas a,b --schemas c -P 3307 --ssl-mode required',
  )
  assert.equal(call.verb.name, 'backup')
  assert.deepEqual(call.arguments, ['mysql://u@h/'])
  assert.deepEqual(call.options.list('schemas'), ['a', 'b', 'c'])
  assert.equal(call.options.integer('port'), 3307)
  assert.equal(call.options.text('ssl-mode'), 'REQUIRED')
  assert.equal(call.options.flag('json'), false)
})

test('a verb under a noun is read like any other', () => {
  const call = verb('binlog export shop --repository /r --file b.1 --output /o')
  assert.equal(call.verb.name, 'binlog export')
  assert.deepEqual(call.arguments, ['shop'])
  assert.equal(call.options.text('file'), 'b.1')
})

test('--no-encryption is a flag of its own', () => {
  assert.equal(verb('init --repository /r --no-encryption').options.flag('no-encryption'), true)
  assert.equal(verb('init --repository /r').options.flag('no-encryption'), false)
})

test('a variable stands in for an option that is absent, and only then', () => {
  const env = { HOLDFAST_REPOSITORY: '/from-env' }
  assert.equal(verb('list', env).options.text('repository'), '/from-env')
  assert.equal(verb('list --repository /said', env).options.text('repository'), '/said')
})

test('a required option that is nowhere is named with its variable', () => {
  assert.equal(refusal('list').message, '--repository DIR or HOLDFAST_REPOSITORY is missing')
})

test('a word that is nearly a verb or an option gets a suggestion', () => {
  assert.match(refusal('backp').hint, /Did you mean backup\?/)
  assert.match(refusal('binlog finf').hint, /Did you mean find\?/)
  assert.match(refusal('list --repositry /r').hint, /Did you mean --repository\?/)
})

test('verbs and options that do not exist, and words too many or too few, are refused', () => {
  for (const line of [
    'replicate a b',
    'list a b --repository /r',
    'restore --repository /r',
    'list --repository',
    'backup --repository /r --port x',
    'backup --repository /r --method magic',
  ]) {
    refusal(line)
  }
})

test('a number outside of its range is refused with the range', () => {
  const stream = 'stream --repository /r'
  for (const threads of [0, 65, 100_000]) {
    assert.equal(
      refusal(`backup --repository /r --threads ${threads}`).message,
      `--threads takes a whole number from 1 to 64, not '${threads}'`,
    )
  }
  assert.match(refusal('restore shop --repository /r --threads 100000').message, /from 1 to 64/)
  assert.match(refusal(`${stream} --seal-seconds 0`).message, /of at least 1/)
  assert.match(refusal('binlog find shop --repository /r --limit 0').message, /of at least 1/)
  assert.match(refusal(`${stream} --port 65536`).message, /from 1 to 65535/)
  assert.match(refusal(`${stream} --compress-level -8`).message, /from -7 to 19, not '-8'/)
  assert.equal(verb(`${stream} --compress-level -7`).options.integer('compress-level'), -7)
  assert.equal(verb('backup --repository /r --threads 64').options.integer('threads'), 64)
  assert.equal(verb(`${stream} --seal-seconds 1`).options.integer('seal-seconds'), 1)
})

test('a password on the command line is refused without repeating it', () => {
  for (const line of ['backup -pSecret1 --repository /r', 'backup --password=Secret1 --repository /r']) {
    const error = refusal(line)
    assert.doesNotMatch(`${error.message}${error.hint}`, /Secret1/)
  }
  assert.equal(verb('backup -p --repository /r').options.flag('password'), true)
})

test('help is given for --help anywhere, and -h is the host where a verb connects', () => {
  assert.equal(parse('').kind, 'help')
  assert.equal(parse('help backup').kind, 'help')
  assert.equal(parse('backup --repository /r --help').kind, 'help')
  assert.equal(parse('list -h').kind, 'help')
  assert.equal(parse('binlog').kind, 'help')
  assert.equal(parse('backup -h').kind, 'help')
  assert.equal(verb('backup -h db1 --repository /r').options.text('host'), 'db1')
})

test('every verb has examples, ends its help with exit statuses and fits a terminal of 100 columns', () => {
  for (const { name } of verbs) {
    const call = parse(`${name} --help`)
    assert.ok(call.kind === 'help')
    assert.match(call.text, /\nExamples:\n/)
    assert.match(call.text, /\nExit status:\n +0 {2}done\n/)
    // Examples are to be copied and stay on one line, whatever their length.
    const wide = call.text
      .split('\n')
      .filter((line) => line.length > 100 && !line.startsWith('    holdfast '))
    assert.deepEqual(wide, [])
  }
})
