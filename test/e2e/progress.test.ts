// Progress as it is seen: on a terminal, in plain lines and in JSON.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { succeed } from '../support/holdfast.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { holdfastOnTerminal } from '../support/terminal.ts'

// 16 MiB at 3 MiB a second take five seconds, and what is left is told from the third on.
const doublings = Array.from(
  { length: 14 },
  (_, bit) => `INSERT INTO t.big SELECT id + ${2 ** bit}, v FROM t.big;`,
).join('')
const slowly = ['--rate-limit', '3M']

let server: TestServer
let target: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let place: readonly string[]

before(async () => {
  folder = await temporaryDirectory()
  server = await startServer(someKind(), {
    sql: `CREATE DATABASE t; CREATE TABLE t.big (id INT PRIMARY KEY, v VARCHAR(1100));
      INSERT INTO t.big VALUES (0, REPEAT('abcdefgh', 128)); ${doublings} ANALYZE TABLE t.big`,
  })
  target = await startServer(someKind())
  place = ['--repository', path.join(folder.path, 'repository'), '--name', 's']
  await succeed(['init', '--repository', path.join(folder.path, 'repository'), '--no-encryption'])
})

after(async () => {
  await server[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('on a terminal a backup tells bytes and rows a second and about what is left', async () => {
  const { exit, screen } = await holdfastOnTerminal(['backup', server.url(), ...place, ...slowly], [])
  assert.equal(exit, 0, screen)
  assert.match(
    screen,
    /reading tables: [\d.]+ MiB of about [\d.]+ MiB \(\d\d? %\), [\d.]+ MiB\/s, [\d,]+ rows\/s/,
  )
  assert.match(screen, /about [\d.]+ s left \(t\.big\)/)
  assert.match(
    screen,
    /✓ reading tables: [\d.]+ MiB, 16,384 rows, [\d.]+ MiB\/s, [\d,]+ rows\/s \([\d.]+ s\)/,
  )
  // All is told for an instant before the phase ends; what is estimated never is.
  assert.doesNotMatch(screen, /about [\d.]+ MiB \(100 %\)/)
})

/** What was told of a phase in JSON. */
function told(stdout: string, phase: string): readonly Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return lines.filter((line) => line['type'] === 'progress' && line['phase'] === phase)
}

test('a restore tells the same, in plain lines and in JSON, up to its very end', async () => {
  const words = ['restore', 's', ...place.slice(0, 2), '--to', 'backup', '--target', target.url(), ...slowly]
  const { stdout } = await succeed([...words, '--json'])
  const course = told(stdout, 'loading rows')
  const [middle, last] = [course.at(-2), course.at(-1)]
  for (const field of ['percent', 'perSecond', 'rowsPerSecond', 'secondsLeft', 'total', 'rows']) {
    assert.equal(typeof middle?.[field], 'number', `${field} of ${JSON.stringify(course)}`)
  }
  assert.ok(Number(middle?.['percent']) < 100)
  assert.deepEqual([last?.['percent'], last?.['rows'], last?.['done']], [100, 16_384, last?.['total']])

  const plain = await succeed(['verify', 's', ...place.slice(0, 2), '--target', target.url()])
  assert.match(plain.stderr, /^reading the target back: [\d.]+ MiB, 16,384 rows.* in [\d.]+ s$/m)
})
