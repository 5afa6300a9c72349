// What goes wrong before any work is done: each is answered by its exit status, one sentence and a hint.
import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { encodeCheckedJson } from '../../src/repository/checked-json.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let source: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let repository: string
let key: string

before(async () => {
  folder = await temporaryDirectory()
  source = await startServer(someKind())
  await createShop(source)
  repository = path.join(folder.path, 'repository')
  key = path.join(folder.path, 'recovery.key')
  await succeed(['init', '--repository', repository, '--identity-out', key])
  await succeed(['backup', source.url(), '--repository', repository, '--name', 'shop'])
})

after(async () => {
  await source[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function backup(url: string, ...more: string[]): ReturnType<typeof holdfast> {
  return holdfast(['backup', url, '--repository', repository, ...more])
}

function restore(...more: string[]): ReturnType<typeof holdfast> {
  return holdfast(['restore', 'shop', '--repository', repository, '--identity', key, ...more])
}

/** What was there before is there still, and whole. */
async function assertIntact(): Promise<void> {
  const run = await succeed([
    'verify',
    'shop',
    '--repository',
    repository,
    '--identity',
    key,
    '--read-data',
    '--json',
  ])
  assert.match(run.stdout, /"isIntact":true/)
}

eachServer('a wrong password is refused by the server, and not repeated', async (kind) => {
  await using server = await startServer(kind, { users: [{ user: 'somebody', password: 'right' }] })
  const run = await backup(server.url({ user: 'somebody', password: 'wr0ng-secret' }), '--name', 'wrong')
  assertRefused(run, 20, /refused the login/)
  assert.doesNotMatch(run.output, /wr0ng-secret/)
})

test('an unknown host and a port where nobody listens are unreachable', async () => {
  assertRefused(await backup('mysql://root@no-such-host.invalid/'), 20, /no-such-host\.invalid/)
  assertRefused(await backup('mysql://root@127.0.0.1:1/'), 20, /127\.0\.0\.1:1\b/)
})

eachServer(
  'a missing privilege is named with the GRANT that gives it, and that GRANT is enough',
  async (kind) => {
    await using server = await startServer(kind, { users: [{ user: 'weak', password: 'weak' }] })
    await server.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)')
    const url = server.url({ user: 'weak', password: 'weak' })
    const name = `weak-${kind.replaceAll('.', '-')}`
    assertRefused(await backup(url, '--name', name), 21, /lacks privileges for a backup: SELECT/)
    const stream = ['stream', url, '--repository', repository, '--name', name, '--until-caught-up']
    assertRefused(await holdfast(stream), 21, /REPLICATION/i)

    const doctor = await holdfast(['doctor', url, '--json'])
    assert.equal(doctor.exit, 1, doctor.output)
    const { checks }: { checks: { name: string; status: string; hint?: string }[] } = JSON.parse(
      doctor.stdout,
    )
    // What a restore into this server would need is told as well, and is no fault of an account that takes backups.
    assert.equal(checks.find((check) => check.name === 'privileges for restore')?.status, 'ok')
    const grants = checks
      .filter((check) => check.status === 'fail')
      .flatMap((check) => check.hint?.match(/GRANT .+;/) ?? [])
    assert.equal(grants.length, 2, doctor.output)
    await server.sql(grants.join('\n'))
    assert.equal((await backup(url, '--name', name)).exit, 0)
    await succeed(stream)
  },
)

test('a server without a binary log is backed up for its own moment, and cannot be streamed', async () => {
  await using server = await startServer(someKind(), { log_bin: false })
  await server.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)')
  const run = await backup(server.url(), '--name', 'unlogged')
  assert.equal(run.exit, 3, run.output)
  assert.match(run.stderr, /warning: .*binary log/)
  const stream = await holdfast([
    'stream',
    server.url(),
    '--repository',
    repository,
    '--name',
    'unlogged',
    '--until-caught-up',
  ])
  assertRefused(stream, 22, /binary log/)
})

eachServer('a statement-format log is refused, because it may replay to other rows', async (kind) => {
  await using server = await startServer(kind, { args: ['--binlog-format=STATEMENT'] })
  const name = `statements-${kind.replaceAll('.', '-')}`
  const run = await holdfast([
    'stream',
    server.url(),
    '--repository',
    repository,
    '--name',
    name,
    '--until-caught-up',
  ])
  assertRefused(run, 22, /STATEMENT/)
  assert.match(run.stderr, /binlog_format/)
})

test('a repository that is missing, or of a newer format, is told from one that can be used', async () => {
  const nowhere = path.join(folder.path, 'nowhere')
  for (const words of [
    ['backup', source.url()],
    ['list'],
    ['verify'],
    ['restore', 'shop', '--target', source.url()],
  ]) {
    assertRefused(
      await holdfast([...words, '--repository', nowhere]),
      10,
      /there is no repository in .*nowhere/,
    )
  }
  const newer = path.join(folder.path, 'newer')
  await mkdir(newer)
  await writeFile(path.join(newer, 'holdfast.json'), encodeCheckedJson({ format: 2, id: '00'.repeat(16) }))
  for (const words of [['list'], ['backup', source.url()]]) {
    assertRefused(await holdfast([...words, '--repository', newer]), 10, /format 2/)
  }
})

test('a repository is not made where one is, and its key file is not left behind', async () => {
  const other = path.join(folder.path, 'other.key')
  assertRefused(await holdfast(['init', '--repository', repository, '--identity-out', other]), 2, /already/)
  await assert.rejects(readFile(other), { code: 'ENOENT' })
  assertRefused(
    await holdfast(['init', '--repository', path.join(folder.path, 'r2'), '--identity-out', key]),
    2,
    /exists already/,
  )
  await assertIntact()
})

test('a file is no place for a repository', async () => {
  for (const place of [key, path.join(key, 'below')]) {
    const run = await holdfast(['init', '--repository', place, '--no-encryption'])
    assertRefused(run, 2, /recovery\.key.* is no folder/)
  }
  await assertIntact()
})

test('a missing key, a file that is no key and the key of another repository are told apart', async () => {
  const target = ['--target', source.url(), '--dry-run']
  const common = ['restore', 'shop', '--repository', repository, ...target]
  assertRefused(await holdfast(common), 12, /no identity was given/)
  assertRefused(await holdfast([...common, '--identity', '/no/such/key']), 12, /cannot read the key file/)
  assertRefused(
    await holdfast([...common, '--identity', path.join(repository, 'holdfast.json')]),
    12,
    /not an age identity/,
  )
  const otherKey = path.join(folder.path, 'another.key')
  await succeed(['init', '--repository', path.join(folder.path, 'another'), '--identity-out', otherKey])
  for (const words of [
    common,
    ['list', '--repository', repository],
    ['verify', '--repository', repository],
  ]) {
    assertRefused(await holdfast([...words, '--identity', otherKey]), 12, /does not open/)
  }
})

test('a name that is not in the repository is answered with those that are', async () => {
  const run = await holdfast([
    'restore',
    'shoop',
    '--repository',
    repository,
    '--identity',
    key,
    '--target',
    source.url(),
  ])
  assertRefused(run, 2, /no instance 'shoop'/)
  assert.match(run.stderr, /hint: .*shop/)
})

test('another server under a name that is taken is refused', async () => {
  await using other = await startServer(someKind('mysql'))
  assertRefused(await backup(other.url(), '--name', 'shop'), 2, /'shop'/)
  await assertIntact()
})

test('a point outside the recovery window, and one that makes no sense, are refused before anything is touched', async () => {
  const target = ['--target', source.url()]
  for (const point of ['2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 'pos:no-such-file.000001:4']) {
    assertRefused(await restore('--to', point, ...target), 22, /./)
  }
  for (const point of ['yesterday', '2026-01-01T00:00:00', 'gtid:nonsense', 'pos:7']) {
    assertRefused(await restore('--to', point, ...target), 2, /cannot tell which point/)
  }
})

test('a server that has gone on since is no target, and keeps every row', async () => {
  await takeOrders(source, 3)
  const count = 'SELECT COUNT(*) FROM shop.orders'
  const before = await source.sql(count)
  const run = await restore('--to', 'backup', '--target', source.url(), '--confirm', 'shop')
  assertRefused(run, 2, /schemas \(shop\)/)
  const part = await restore(
    '--to',
    'backup',
    '--target',
    source.url(),
    '--schemas',
    'shop',
    '--confirm',
    'shop',
  )
  assertRefused(part, 2, /the target already has .*table shop\.orders/)
  assert.equal(await source.sql(count), before)
})

// HOLDFAST_TEST_SERVERS may leave only one of them.
if (someKind('mysql') !== someKind('mariadb')) {
  test('a backup of one family is not restored into a server of the other', async () => {
    const other = source.flavour === 'mariadb' ? someKind('mysql') : someKind('mariadb')
    await using target = await startServer(other)
    assertRefused(await restore('--to', 'backup', '--target', target.url()), 23, /mariadb|mysql/)
  })
}

test('a target with data of its own wants the name typed, and off a terminal --confirm', async () => {
  await using target = await startServer(someKind())
  await target.sql('CREATE DATABASE mine; CREATE TABLE mine.t (id INT PRIMARY KEY)')
  const words = ['--to', 'backup', '--target', target.url(), '--schemas', 'shop']
  assertRefused(await restore(...words), 2, /--confirm|confirm/)
  assertRefused(await restore(...words, '--confirm', 'other'), 2, /other/)
  assert.equal(
    await target.sql("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'shop'"),
    '0\n',
  )
  assert.equal((await restore(...words, '--confirm', 'shop')).exit, 0)
  assert.equal(await target.sql('SELECT COUNT(*) FROM shop.customers'), '500\n')
})

test('a spool that cannot be made is refused at once, whatever is in its way', async () => {
  const stream = ['stream', source.url(), '--repository', repository, '--name', 'shop', '--until-caught-up']
  const dangling = path.join(folder.path, 'dangling')
  await symlink(path.join(folder.path, 'nowhere'), dangling)
  for (const spool of [
    '/dev/null',
    '/dev/null/spool',
    dangling,
    '/proc/spool',
    path.join(repository, 'holdfast.json'),
  ]) {
    const run = await holdfast([...stream, '--spool', spool], { timeoutMs: 20_000 })
    assertRefused(run, 2, /the spool cannot be written at/)
    assert.match(run.stderr, /hint: .*--spool DIR/)
  }
  assertRefused(
    await holdfast(['init', '--repository', '/proc/holdfast'], { timeoutMs: 20_000 }),
    1,
    /\/proc\/holdfast/,
  )
})

test('a user without a home of its own can back up, and is told where a stream wants a folder', async () => {
  const home = path.join(folder.path, 'not-mine')
  await mkdir(home, { mode: 0o555 })
  const open = path.join(folder.path, 'open')
  await succeed(['init', '--repository', open, '--no-encryption'])
  const words = [source.url(), '--repository', open, '--name', 'homeless']
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  // Root may write everywhere, so it gives its rights away first.
  const isRoot = process.getuid?.() === 0
  if (isRoot) await Promise.all([chownAll(open, 65534), chmod(folder.path, 0o755)])
  const options = { env: { HOME: home }, ...(isRoot ? { through: nobody } : {}) }
  const backup = await holdfast(['backup', ...words], options)
  assert.ok(backup.exit === 0 || backup.exit === 3, backup.output)
  assertRefused(
    await holdfast(['stream', ...words, '--until-caught-up'], options),
    2,
    /the spool cannot be written at/,
  )
})

async function chownAll(root: string, id: number): Promise<void> {
  for (const name of ['.', ...(await readdir(root, { recursive: true }))])
    await chown(path.join(root, name), id, id)
}

test('every verb tells in its help how it ends on a repository that is damaged or cannot be read', async () => {
  const words: readonly (readonly string[])[] = [
    ['backup', source.url()],
    ['stream', source.url(), '--until-caught-up'],
    ['list'],
    ['show', 'shop'],
    ['verify'],
    ['binlog', 'list', 'shop'],
    ['binlog', 'find', 'shop'],
    ['binlog', 'show', 'shop'],
    ['binlog', 'export', 'shop', '--file', 'x', '--output', path.join(folder.path, 'x')],
    ['restore', 'shop', '--target', source.url()],
  ]
  const damaged = path.join(folder.path, 'damaged')
  await mkdir(damaged)
  await writeFile(path.join(damaged, 'holdfast.json'), Buffer.alloc(50, 0xa5))
  const unreadable = path.join(folder.path, 'unreadable')
  await mkdir(path.join(unreadable, 'holdfast.json'), { recursive: true })
  for (const each of words) {
    assertRefused(await holdfast([...each, '--repository', damaged]), 30, /holdfast\.json is damaged/)
    assertRefused(await holdfast([...each, '--repository', unreadable]), 1, /reading .*holdfast\.json failed/)
  }
})
