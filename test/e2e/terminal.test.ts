// What is asked on a terminal: the password without echo, the name of the instance before a server with data is touched.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { succeed } from '../support/holdfast.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { holdfastOnTerminal } from '../support/terminal.ts'

let server: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let words: readonly string[]

before(async () => {
  folder = await temporaryDirectory()
  server = await startServer(someKind(), {
    sql: 'CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)',
    users: [{ user: 'asked', password: 'S3cret-typed' }],
  })
  words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', server.url(), ...words, '--name', 'shop'])
})

after(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const askPassword = /password.*: $/i
const askName = /Type the name of the instance \(shop\) to go on: $/

function doctor(keys: string): ReturnType<typeof holdfastOnTerminal> {
  return holdfastOnTerminal(['doctor', server.url({ user: 'asked' }), '-p'], [{ after: askPassword, keys }])
}

test('a password that is typed logs in and is not shown', async () => {
  const { exit, screen } = await doctor('S3cret-typed\r')
  assert.equal(exit, 1, screen)
  assert.match(screen, /login .*as asked/)
  assert.doesNotMatch(screen, /S3cret/)
})

test('Ctrl-D at the password is no password, and Ctrl-C an interruption', async () => {
  const left = await doctor('\x04')
  assert.equal(left.exit, 2, left.screen)
  assert.match(left.screen, /no password was typed/)
  assert.match(left.screen, /hint: \S/)
  assert.doesNotMatch(left.screen, /This is a bug/)
  const stopped = await doctor('\x03')
  assert.equal(stopped.exit, 130, stopped.screen)
})

test('a restore onto data goes on when its name is typed, and only then', async () => {
  await using target = await startServer(someKind(), { sql: 'CREATE DATABASE mine' })
  const restore = [
    'restore',
    'shop',
    ...words,
    '--to',
    'backup',
    '--schemas',
    'shop',
    '--target',
    target.url(),
  ]
  for (const [keys, exit] of [
    ['\x04', 2],
    ['\r', 2],
    ['yes\r', 2],
    ['\x03', 130],
  ] as const) {
    const run = await holdfastOnTerminal(restore, [{ after: askName, keys }])
    assert.equal(run.exit, exit, run.screen)
    assert.match(run.screen, /holds mine\./)
    assert.doesNotMatch(run.screen, /This is a bug/)
    if (exit === 2) assert.match(run.screen, /nothing was changed/)
    assert.equal(await target.sql("SHOW DATABASES LIKE 'shop'"), '')
  }
  const run = await holdfastOnTerminal(restore, [{ after: askName, keys: 'shop\r' }])
  assert.equal(run.exit, 0, run.screen)
  // What it would do was on the screen before the question.
  assert.match(run.screen, /- Load logical backup [^]*Type the name/)
  assert.equal(await target.sql('SELECT id FROM shop.t'), '1\n')
})
