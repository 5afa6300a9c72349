// Schemas and tables that are chosen by name: odd names can be said, and choosing nothing is no success.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let source: TestServer
let target: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let repository: string

const odd = '`a,b.c``d/%`'

before(async () => {
  folder = await temporaryDirectory()
  source = await startServer(someKind(), {
    sql: `CREATE DATABASE ${odd}; CREATE TABLE ${odd}.\`t,1.x\` (id INT PRIMARY KEY, n VARCHAR(40)); INSERT INTO ${odd}.\`t,1.x\` VALUES (7, 'x');
      CREATE TABLE ${odd}.other (id INT PRIMARY KEY); CREATE DATABASE plain; CREATE TABLE plain.t (id INT PRIMARY KEY)`,
  })
  target = await startServer(someKind())
  repository = path.join(folder.path, 'repository')
  await succeed(['init', '--repository', repository, '--no-encryption'])
  await succeed(['backup', source.url(), '--repository', repository, '--name', 'all'])
})

after(async () => {
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function backup(name: string, ...more: string[]) {
  return holdfast(['backup', source.url(), '--repository', repository, '--name', name, ...more])
}

function restore(name: string, ...more: string[]) {
  const words = ['restore', name, '--repository', repository, '--to', 'backup']
  return holdfast([...words, '--target', target.url(), '--confirm', name, ...more])
}

test('a backup of no schema or no table is refused', async () => {
  for (const [option = '', ...lists] of [
    ['--schemas', '', ' , '],
    ['--tables', '', ','],
  ]) {
    for (const list of lists) assertRefused(await backup('none', option, list), 2, /names nothing/)
  }
  assertRefused(await backup('none', '--tables', 'plain'), 2, /'plain' is not schema\.table/)
  assertRefused(await backup('none', '--tables', 'a.b.c'), 2, /backticks/)
})

test('a restore of no schema, or of one that the backup does not have, is refused and names what is there', async () => {
  assertRefused(await restore('all', '--schemas', ''), 2, /names nothing/)
  const run = await restore('all', '--schemas', 'plain,nope')
  assertRefused(run, 2, /the backup has no schema nope/)
  assert.match(run.stderr, /hint: It holds .*plain/)
  assert.ok(run.stderr.includes(odd), 'names are there as they are to be written')
  const dryRun = ['restore', 'all', '--repository', repository, '--to', 'backup', '--dry-run']
  assertRefused(await holdfast([...dryRun, '--schemas', 'nope']), 2, /no schema nope/)
  const files = path.join(folder.path, 'files')
  const toFiles = ['restore', 'all', '--repository', repository, '--to-files', files]
  assertRefused(await holdfast([...toFiles, '--schemas', 'nope']), 2, /no schema nope/)
  assertRefused(await holdfast([...toFiles, '--schemas', '']), 2, /names nothing/)
  assert.equal(await target.sql("SHOW DATABASES LIKE 'plain'"), '')
})

test('names with commas, dots and backticks go through backup, show and restore', async () => {
  assert.equal((await backup('part', '--tables', `${odd}.\`t,1.x\``)).exit, 0)
  const shown = await succeed(['show', 'part', '--repository', repository])
  assert.ok(shown.stdout.includes(`\n${odd}.\`t,1.x\` `), shown.stdout)
  assert.doesNotMatch(shown.stdout, /other|plain/)
  const run = await restore('all', '--schemas', `${odd},plain`)
  assert.equal(run.exit, 0, run.output)
  assert.equal(await target.sql(`SELECT id FROM ${odd}.\`t,1.x\``), '7\n')
})

test('what a backup leaves out or masks is shown, and it is no base of a replay', async () => {
  const table = `${odd}.\`t,1.x\``
  const exclude = ['--exclude', `${odd}.other,plain`, '--where', `${table}:id IN (7, 8)`]
  const mask = ['--mask', `${table}.n:hash`, '--mask-key', import.meta.filename]
  const masked = await backup('filtered', ...exclude, ...mask)
  assert.equal(masked.exit, 0, masked.output)
  const { stdout } = await succeed(['show', 'filtered', '--repository', repository])
  assert.ok(stdout.includes(`${odd}.other`), stdout)
  assert.match(stdout, /left out: +plain, /)
  assert.ok(stdout.includes(`of ${table} where id IN (7, 8)`), stdout)
  assert.ok(stdout.includes(`${table}.n by hash`), stdout)
  const latest = ['restore', 'filtered', '--repository', repository, '--to', 'latest', '--dry-run']
  assertRefused(await holdfast(latest), 1, /holds only a part/)
  assertRefused(await backup('none', '--mask', `${table}.n:hash`), 2, /needs a key/)
  assertRefused(await backup('none', '--exclude', 'nope'), 2, /schema nope/)
  assertRefused(await backup('none', '--structure-only', '--data-only'), 2, /exclude each other/)
})

test('a script of rows only is loaded into tables that are there', async () => {
  const words = ['backup', source.url(), '--format', 'sql', '--output', '-', '--schemas', 'plain']
  await source.sql('INSERT INTO plain.t VALUES (3), (4), (5)')
  const { stdout: structure } = await succeed([...words, '--structure-only'])
  const { stdout: data } = await succeed([...words, '--data-only', '--where', 'plain.t:id > 3'])
  assert.doesNotMatch(data, /CREATE/)
  await target.sql(`DROP DATABASE IF EXISTS plain; ${structure}`)
  assert.equal(await target.sql('SELECT COUNT(*) FROM plain.t'), '0\n')
  await target.sql(`USE plain; ${data}`)
  assert.equal(await target.sql('SELECT GROUP_CONCAT(id) FROM plain.t'), '4,5\n')
})
