// Where an archive begins: with the oldest file that the source has, or with the file in which a backup ends.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from '../support/archive-rig.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const insert = 'INSERT INTO d.t VALUES (1);'

test('an archive begins at the oldest file or at a backup, says which, and takes no unrelated server', async () => {
  await using folder = await temporaryDirectory()
  const kind = someKind('mysql')
  await using server = await startServer(kind)
  const repository = path.join(folder.path, 'repository')
  const key = path.join(folder.path, 'recovery.key')
  const reading = ['--repository', repository, '--identity', key]
  const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool') }
  const stream = (...words: string[]): ReturnType<typeof holdfast> =>
    holdfast(['stream', server.url(), ...reading, '--name', 'shop', '--until-caught-up', ...words], { env })
  await succeed(['init', '--repository', repository, '--identity-out', key])
  await server.sql(
    `CREATE DATABASE d; CREATE TABLE d.t (id INT); ${insert} FLUSH BINARY LOGS; ${insert} FLUSH BINARY LOGS; ${insert}`,
  )

  assertRefused(
    await stream('--from-backup', 'latest'),
    2,
    /shop has no backup of a whole server to begin with/,
  )
  await succeed(['backup', server.url(), '--repository', repository, '--name', 'shop'])
  await server.sql(`${insert} FLUSH BINARY LOGS; ${insert}`)
  const atBackup = await stream('--from-backup', 'latest')
  assert.equal(atBackup.exit, 0, atBackup.output)
  assert.match(atBackup.stderr, /timeline 0001-\w+ begins with binlog\.000003, in which backup \S+ ends/)
  const proof = await succeed(['verify', 'shop', '--archive', ...reading])
  assert.match(proof.stdout, /can be recovered, from backup /)
  const again = await stream('--from-backup', 'latest')
  assert.equal(again.exit, 0, again.output)
  assert.doesNotMatch(again.output, /begins with/)

  await eventually('the file of the backup is purged', async () => {
    await server.sql("PURGE BINARY LOGS TO 'binlog.000004'")
    return (await server.sql('SHOW BINARY LOGS')).startsWith('binlog.000004')
  })
  assertRefused(
    await stream('--new-timeline', '--from-backup', 'latest'),
    22,
    /the source no longer has binlog\.000003, in which backup \S+ ends/,
  )
  // Nothing has changed by that: without the wish it goes on where it was.
  const goneOn = await stream()
  assert.equal(goneOn.exit, 0, goneOn.output)
  assert.doesNotMatch(goneOn.output, /begins with/)
  const atOldest = await stream('--new-timeline')
  assert.equal(atOldest.exit, 0, atOldest.output)
  assert.match(atOldest.stderr, /begins with binlog\.000004, the oldest binary log file that the source has/)

  await using unrelated = await startServer(kind)
  await unrelated.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT); ${insert}`)
  const words = [unrelated.url(), ...reading, '--name', 'shop', '--until-caught-up']
  assertRefused(
    await holdfast(['stream', ...words, '--new-timeline', '--from-backup', 'latest'], { env }),
    2,
    /cannot begin with backup \S+: it is of another server/,
  )
  const mistaken = await holdfast(['stream', ...words], { env })
  assertRefused(mistaken, 2, /'shop' in .* is MySQL server \S+, and this is MySQL server/)
  assert.match(mistaken.stderr, /--name/)
})
