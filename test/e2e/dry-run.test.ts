// What --dry-run tells of a plan and of the target, which it looks at and leaves alone.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { type ServerKind, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

// The newer of the MariaDBs where both are tested, so that the other is too old for its backup.
const kind = testedKinds.includes('mariadb-11.8') ? 'mariadb-11.8' : someKind()

let source: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let words: readonly string[]

before(async () => {
  folder = await temporaryDirectory()
  source = await startServer(kind, {
    sql: 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)',
  })
  words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'shop'])
  await source.sql('INSERT INTO d.t VALUES (2)')
  const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool') }
  await succeed(['stream', source.url(), ...words, '--name', 'shop', '--until-caught-up'], { env })
})

after(async () => {
  await source[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function restore(...more: readonly string[]): Promise<HoldfastRun> {
  return holdfast(['restore', 'shop', ...words, ...more])
}

test('a plan tells how long it may take, with a replay or without, and needs no target', async () => {
  for (const to of ['latest', 'backup']) {
    const run = await restore('--to', to, '--dry-run', '--threads', '3')
    assert.equal(run.exit, 0, run.output)
    assert.match(run.stdout, /about \d+ s \(an estimate from sizes\)/)
    assert.match(run.stdout, / 2\. Load the rows of 1 table over 3 sessions, those of the largest first\./)
  }
})

test('a target that is not there is not passed over', async () => {
  assertRefused(await restore('--dry-run', '--target', 'mysql://root@127.0.0.1:1/'), 20, /127\.0\.0\.1:1\b/)
})

test('schemas that no backup has, and schemas with a replay, are refused without a target too', async () => {
  assertRefused(await restore('--to', 'backup', '--dry-run', '--schemas', 'nope'), 2, /no schema nope/)
  assertRefused(await restore('--to', 'latest', '--dry-run', '--schemas', 'd'), 2, /binary logs/)
})

test('an empty target and one with data of its own are told apart, and both stay as they are', async () => {
  await using target = await startServer(kind)
  const wanted = ['--target', target.url(), '--to', 'backup', '--schemas', 'd', '--dry-run']
  assert.match((await restore(...wanted)).stdout, /is empty and can take it\./)
  await target.sql('CREATE DATABASE mine')
  const run = await restore(...wanted)
  assert.equal(run.exit, 0, run.output)
  assert.match(run.stdout, /holds mine: this needs --confirm shop\./)
  const all = await restore('--target', target.url(), '--dry-run')
  assertRefused(all, 2, /the target already has schemas \(mine\)/)
  assert.equal(await target.sql("SHOW DATABASES LIKE 'd'"), '')
})

// HOLDFAST_TEST_SERVERS may leave only one of them.
const tooOld: readonly ServerKind[] = kind === 'mariadb-11.8' ? ['mariadb-10.11'] : []
const ofOtherFamily = [kind.startsWith('mysql') ? someKind('mariadb') : someKind('mysql')]
for (const other of [...tooOld, ...ofOtherFamily].filter(
  (each) => each !== kind && testedKinds.includes(each),
)) {
  test(`a target that cannot take the backup is refused before anybody is asked for a yes (${other})`, async () => {
    await using target = await startServer(other, { sql: 'CREATE DATABASE mine' })
    const wanted = ['--target', target.url(), '--to', 'backup']
    for (const more of [['--dry-run'], [], ['--confirm', 'shop'], ['--schemas', 'd']]) {
      assertRefused(await restore(...wanted, ...more), 23, /cannot be restored into/)
    }
  })
}

// What only one family can lack.
const lacking = {
  mysql: {
    sql: `CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'own' DEFINITION 'GEOGCS["WGS 84",DATUM["World Geodetic System 1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.017453292519943278,AUTHORITY["EPSG","9122"]],AXIS["Lat",NORTH],AXIS["Lon",EAST]]';
      CREATE DATABASE l; CREATE TABLE l.t (p POINT NOT NULL SRID 990001)`,
    refusal: /the target has no spatial reference system 990001 \(l\.t\)/,
  },
  mariadb: {
    sql: 'CREATE ROLE boss; CREATE DATABASE l; CREATE DEFINER = boss VIEW l.v AS SELECT 1 AS a',
    refusal: /the target has no role boss \(view l\.v\)/,
  },
} as const

for (const family of ['mysql', 'mariadb'] as const) {
  const tested = testedKinds.find((each) => each.startsWith(family))
  if (tested === undefined) continue
  test(`what the target lacks and the restore would be refused for is refused by the plan, too (${tested})`, async () => {
    await using there = await temporaryDirectory()
    await using rich = await startServer(tested, { sql: lacking[family].sql })
    const repository = ['--repository', path.join(there.path, 'repository')]
    await succeed(['init', ...repository, '--no-encryption'])
    await holdfast(['backup', rich.url(), ...repository, '--name', 'l'])
    await using target = await startServer(tested)
    const wanted = [
      'restore',
      'l',
      ...repository,
      '--to',
      'backup',
      '--schemas',
      'l',
      '--target',
      target.url(),
    ]
    for (const more of [['--dry-run'], []])
      assertRefused(await holdfast([...wanted, ...more]), 2, lacking[family].refusal)
    assert.equal(await target.sql("SHOW DATABASES LIKE 'l'"), '')
  })
}
