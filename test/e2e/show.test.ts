// `holdfast show`: what a backup holds, by schema and table, and how it grew since the one before.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('show tells rows and sizes by schema and table, and their growth since the backup before', async () => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(someKind(), {
    sql: `CREATE DATABASE a; CREATE TABLE a.t (v VARCHAR(10)); INSERT INTO a.t VALUES ('12345'), ('1');
      CREATE TABLE a.u (id INT); CREATE DATABASE b; CREATE TABLE b.t (id INT); INSERT INTO b.t VALUES (1), (2), (3)`,
  })
  const place = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...place, '--no-encryption'])
  const backUp = () =>
    succeed(['backup', source.url(), ...place, '--name', 's', '--schemas', 'a,b', '--json'])
  await backUp()
  const first = await succeed(['show', 's', ...place])
  assert.match(first.stdout, /^SCHEMA +TABLES +ROWS +SIZE\na +2 +2 +8 B\nb +1 +3 +6 B$/m)
  assert.doesNotMatch(first.stdout, /GROWTH/)
  assert.match(first.stdout, /^one moment: +by [a-z-]+, writes held up for [\d,]+ ms, definitions locked$/m)

  await source.sql(
    "INSERT INTO a.t VALUES ('123'); DELETE FROM b.t WHERE id = 3; CREATE TABLE a.w AS SELECT 1 AS id",
  )
  await backUp()
  const second = await succeed(['show', 's', ...place])
  assert.match(second.stdout, /^a +3 +4 +14 B +\+6 B\nb +1 +2 +4 B +-2 B$/m)
  assert.match(second.stdout, /^a\.t +3 +12 B +\+4 B$/m)
  assert.match(second.stdout, /^a\.w +1 +2 B +new$/m)
  assert.match(second.stdout, /^a\.u +0 +0 B +0 B$/m)
  assert.doesNotMatch(second.stdout, /gone/)

  // One of other contents in between tells nothing of growth, and has none of its own.
  await source.sql('DROP TABLE a.u')
  const other = ['backup', source.url(), ...place, '--name', 's', '--where', 'a.t:v > 2', '--schemas', 'a,b']
  await succeed(other)
  assert.doesNotMatch((await succeed(['show', 's', ...place])).stdout, /GROWTH/)
  await backUp()
  const third = await succeed(['show', 's', ...place])
  assert.match(third.stdout, /^a\.t +3 +12 B +0 B$/m)
  assert.match(third.stdout, /^gone since then: a\.u$/m)
})
