// An account that may lock no tables: told the truth beforehand, served where no lock is needed, refused where one is.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

eachServer('an account without LOCK TABLES backs up what needs no lock', async (kind) => {
  await using folder = await temporaryDirectory()
  const status = kind.startsWith('mysql') ? 'REPLICATION CLIENT, PROCESS' : 'BINLOG MONITOR'
  const account = { user: 'reader', password: 'r' }
  await using server = await startServer(kind, {
    sql: 'CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1), (2)',
    users: [{ ...account, grants: [`SELECT, SHOW VIEW, TRIGGER, EVENT, ${status} ON *.*`] }],
  })
  const url = server.url(account)
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])

  const explained = await succeed(['backup', url, '--explain-locks'])
  assert.doesNotMatch(explained.stdout, /LOCK TABLES/)
  await succeed(['backup', url, ...words, '--name', 'shop'])
  for (const [name, ...choice] of [['free.sql', '--no-locks'], ['plain.sql']] as const) {
    await succeed(['backup', url, '--format', 'sql', ...choice, '--output', path.join(folder.path, name)])
  }

  await server.sql('CREATE TABLE shop.m (id INT) ENGINE = MyISAM')
  assert.match((await succeed(['backup', url, '--explain-locks'])).stdout, /LOCK TABLES/)
  const lacks = /lacks privileges for a backup: LOCK TABLES/
  assertRefused(await holdfast(['backup', url, ...words, '--name', 'shop']), 21, lacks)
  const output = path.join(folder.path, 'locked.sql')
  assertRefused(await holdfast(['backup', url, '--format', 'sql', '--output', output]), 21, lacks)
  const unlocked = await holdfast(['backup', url, '--format', 'sql', '--no-locks', '--output', output])
  assert.equal(unlocked.exit, 3, unlocked.output)
  assert.match(unlocked.stderr, /shop\.m knows no transactions and was read without a lock/)
})
