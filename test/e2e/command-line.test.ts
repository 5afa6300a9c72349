// The command line as people and scripts meet it: start-up, old Nodes, JSON, options of the connection, closed pipes.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { program, sourceProgram } from '../support/program.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)

let source: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let env: Record<string, string>

before(async () => {
  folder = await temporaryDirectory()
  source = await startServer(someKind(), {
    tls: true,
    users: [{ user: 'keeper', password: 'kept # secret', grants: ['ALL PRIVILEGES ON *.*'] }],
  })
  await createShop(source)
  env = { HOLDFAST_REPOSITORY: path.join(folder.path, 'repository') }
  await succeed(['init', '--no-encryption'], { env })
})

after(async () => {
  await source[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('an old Node is told so in one line with status 23', async () => {
  const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"24.11.1"})'
  const call = run(process.execPath, ['--import', older, program, 'list'])
  await assert.rejects(call, (error: Error & { code: number; stdout: string; stderr: string }) => {
    assert.equal(error.code, 23)
    assert.equal(error.stdout, '')
    assert.match(error.stderr, /^holdfast: needs Node 24\.12 or newer, and this is Node 24\.11\.1 .*\n$/)
    return true
  })
})

test('help and usage errors load none of the engines', async () => {
  const loaded =
    'data:text/javascript,import{registerHooks}from"node:module";' +
    'registerHooks({load(url,context,next){console.error("loaded "+url);return next(url,context)}})'
  const { stderr } = await run(process.execPath, ['--import', loaded, sourceProgram, 'restore', '--help'])
  const modules = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = '']) => url)
  const engines = modules.filter((url) =>
    /\/(wire|repository|logical|archive|recovery|operations|config)\//.test(url),
  )
  assert.ok(modules.length > 5, stderr)
  assert.deepEqual(engines, [])
})

test('the connection is given as MySQL users give it: option file, socket, TLS', async () => {
  const file = path.join(folder.path, 'keeper.cnf')
  await writeFile(
    file,
    `[client]\nuser=keeper\npassword="kept # secret"\nhost=127.0.0.1\nport=${source.port}\n`,
  )
  const doctor = async (...words: string[]): Promise<string> =>
    (await holdfast(['doctor', ...words], { env })).stdout
  assert.match(await doctor('--defaults-file', file), /as keeper/)
  assert.match(await doctor('-S', source.socketPath, '-u', 'root'), /root@localhost has all/)
  const tcp = ['-h', '127.0.0.1', '-P', String(source.port), '-u', 'root']
  const verified = await doctor(
    ...tcp,
    '--ssl-mode',
    'VERIFY_IDENTITY',
    '--ssl-ca',
    source.certificates?.caFile ?? '',
  )
  assert.match(verified, /TLS +in use/)
  const wrong = ['--ssl-mode', 'VERIFY_CA', '--ssl-ca', source.certificates?.otherCaFile ?? '']
  assertRefused(await holdfast(['doctor', ...tcp, ...wrong], { env }), 20, /TLS|certificate/)
  assertRefused(await holdfast(['doctor', ...tcp, '-p'], { env }), 2, /password/)
})

test('without --name an instance is named after its host and port', async () => {
  const backup = await succeed(['backup', source.url(), '--json'], { env })
  assert.match(backup.stdout, new RegExp(`"source":"[a-z0-9._-]+-${source.port}"`))
})

test('long work in JSON is lines, queries are one document, and errors are JSON on stdout, too', async () => {
  const backup = await succeed(['backup', source.url(), '--name', 'json', '--json'], { env })
  assert.equal(backup.stderr, '')
  const types = backup.stdout
    .trimEnd()
    .split('\n')
    .map((line) => typeOf(line))
  assert.equal(types.at(-1), 'result')
  assert.deepEqual(
    [...new Set(types)].filter((type) => !['phase', 'progress', 'notice', 'result'].includes(type)),
    [],
  )
  const queries = [
    ['list'],
    ['list', 'json'],
    ['show', 'json'],
    ['binlog', 'list', 'json'],
    ['binlog', 'find', 'json'],
  ]
  for (const words of queries) {
    const query = await succeed([...words, '--json'], { env })
    assert.doesNotThrow(() => JSON.parse(query.stdout), `${words.join(' ')}: ${query.output}`)
  }
  const failed = await holdfast(['show', 'nobody', '--json'], { env })
  assert.equal(failed.exit, 2)
  assert.equal(failed.stderr, '')
  const error = new Map<string, unknown>(Object.entries(JSON.parse(failed.stdout)))
  assert.equal(error.get('type'), 'error')
  assert.equal(error.get('code'), 'USAGE')
  assert.equal(error.get('exit'), 2)
})

test('a search for what cannot be is refused, and one for a table finds no DDL of others', async () => {
  await succeed(['backup', source.url(), '--name', 'found'], { env })
  await succeed(['stream', source.url(), '--name', 'found', '--until-caught-up'], { env })
  const find = ['binlog', 'find', 'found']
  assertRefused(await holdfast([...find, '--gtid', 'x'], { env }), 2, /--gtid takes one GTID, not 'x'/)
  assertRefused(
    await holdfast([...find, '--limit', '0'], { env }),
    2,
    /--limit takes a whole number of at least 1/,
  )
  const nothing = await succeed([...find, '--table', 'nosuch.table'], { env })
  assert.match(nothing.stdout, /^No transaction in the archive of found is like that\.$/m)
  const orders = await succeed([...find, '--table', 'shop.orders', '--kind', 'ddl'], { env })
  assert.match(orders.stdout, /CREATE TABLE.*orders/i)
  assert.doesNotMatch(orders.stdout, /CREATE TABLE.*customers/i)
})

test('off a terminal long work prints a line a phase, and nothing with --quiet', async () => {
  const loud = await succeed(['backup', source.url(), '--name', 'talk'], { env })
  assert.match(loud.stderr, /^connecting\nreading definitions\n/)
  assert.ok(!loud.stderr.includes('\r') && !loud.stderr.includes('\u001B'), loud.stderr)
  const quiet = await succeed(['backup', source.url(), '--name', 'talk', '--quiet'], { env })
  assert.equal(quiet.stderr, '')
})

test('a reader that goes away does not end a backup, nor make it look failed', async () => {
  const name = 'unread'
  const words = [process.execPath, program, 'backup', source.url(), '--name', name, '--json']
  const pipe = `set -o pipefail; ${words.map((word) => `'${word}'`).join(' ')} | true`
  await run('bash', ['-c', pipe], { env: { ...env, PATH: process.env['PATH'], HOME: folder.path } })
  const { stdout } = await succeed(['list', name], { env })
  assert.match(stdout, /1 backup/)
})

function typeOf(line: string): string {
  return String(new Map<string, unknown>(Object.entries(JSON.parse(line))).get('type'))
}
