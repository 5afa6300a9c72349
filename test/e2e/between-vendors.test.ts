// A backup of one vendor's server on another's by the command line: only when that is asked for, and with a report.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const shop = `
  CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
  CREATE TABLE shop.orders (id INT PRIMARY KEY, name VARCHAR(20) UNIQUE, total INT, note JSON, KEY doubled ((total * 2)));
  INSERT INTO shop.orders VALUES (1, 'a', 10, '{"b": 1}'), (2, 'b', 20, '[]'), (3, 'b ', 30, NULL);
  CREATE VIEW shop.lateral AS SELECT o.id, x.n FROM shop.orders o, LATERAL (SELECT o.total + 1 AS n) x;
  CREATE VIEW shop.totals AS SELECT SUM(total) AS total FROM shop.orders;
  CREATE USER 'clerk'@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON shop.* TO 'clerk'@'%'`

test('a backup of MySQL goes to MariaDB when that is asked for, with a report and status 3', async () => {
  await using folder = await temporaryDirectory()
  await using source = await startServer('mysql-9.7', { sql: shop })
  await using target = await startServer('mariadb-10.11')
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'main'])
  const restore = (...more: readonly string[]) =>
    holdfast(['restore', 'main', ...words, '--target', target.url(), ...more])
  const report = path.join(folder.path, 'report.md')

  assertRefused(
    await restore('--to', 'backup'),
    23,
    /mysql 9\.7.* cannot be restored into mariadb 10\.11.*--translate/s,
  )
  assertRefused(await restore('--translate'), 2, /binary logs of one kind of server cannot be replayed/)
  assertRefused(await restore('--to', 'backup', '--translate', '--set-gtid'), 2, /--set-gtid has no meaning/)
  assertRefused(await restore('--to', 'backup', '--report', report), 2, /--report tells what --translate did/)
  assertRefused(
    await holdfast(['restore', 'main', ...words, '--to', 'backup', '--translate', '--dry-run']),
    2,
    /--translate needs a target/,
  )
  const nowhere = path.join(folder.path, 'none', 'report.md')
  assertRefused(
    await restore('--to', 'backup', '--translate', '--report', nowhere),
    2,
    /cannot be written to/,
  )
  assert.doesNotMatch(await target.sql('SHOW DATABASES'), /shop/)

  const dryRun = await restore('--to', 'backup', '--translate', '--dry-run', '--report', report)
  assert.equal(dryRun.exit, 3, dryRun.output)
  assert.match(dryRun.stderr, /table shop\.orders: not carried: key doubled: it is over an expression/)
  assert.match(dryRun.stdout, /Translated from mysql 9\.7\S* to mariadb 10\.11\S*: \d+ things not as before/)
  assert.match(await readFile(report, 'utf8'), /\| account clerk@% \| locked, and without a password/)
  assert.doesNotMatch(await target.sql('SHOW DATABASES'), /shop/)

  const restored = await restore('--to', 'backup', '--translate', '--verify', '--report', report)
  assert.equal(restored.exit, 3, restored.output)
  assert.match(restored.stdout, /Verified/)
  const text = await readFile(report, 'utf8')
  assert.match(text, /^# From mysql 9\.7\S* to mariadb 10\.11/)
  assert.match(text, /\| view shop\.lateral \| the target does not take it: /)
  assert.match(text, /\| table shop\.orders \| column note: JSON is text with a check there \|/)
  assert.equal(
    await target.sql('SELECT GROUP_CONCAT(name, total, note ORDER BY id SEPARATOR ";") FROM shop.orders'),
    'a10{"b": 1};b20[]\n',
  )
  assert.equal(await target.sql('SELECT * FROM shop.totals'), '60\n')
  assert.match(await target.sql("SHOW GRANTS FOR 'clerk'@'%'"), /GRANT SELECT ON `shop`/)
  assert.match(await target.sql("SHOW CREATE USER 'clerk'@'%'"), /ACCOUNT LOCK/)

  // What another vendor's server should be is what a restore makes of the backup there.
  const verified = await holdfast(['verify', 'main', ...words, '--target', target.url()])
  assert.equal(verified.exit, 30, verified.output)
  assert.match(
    verified.output,
    /compared with what restore --translate makes of this mysql backup for mariadb/,
  )
  assert.match(verified.stdout, /1 difference.*\n.*view shop\.lateral is missing on the target/)

  await target.sql("DROP DATABASE shop; DROP USER 'clerk'@'%'")
  const json = path.join(folder.path, 'report.json')
  const again = await restore(
    '--to',
    'backup',
    '--translate',
    '--schemas',
    'shop',
    '--json',
    '--report',
    json,
  )
  assert.equal(again.exit, 3, again.output)
  const answer = JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '')
  const file = JSON.parse(await readFile(json, 'utf8'))
  assert.deepEqual(answer.translation, file)
  assert.ok(file.entries.some((entry: { object: string }) => entry.object === 'view shop.lateral'))
})

/** What a restore has created, and what it has noted of itself. */
async function removeAll(target: TestServer): Promise<void> {
  const notes = await target.sql("SHOW DATABASES LIKE 'holdfast_restore%'")
  for (const name of ['shop', ...notes.trim().split('\n')]) await target.sql(`DROP DATABASE ${name}`)
}

const clashing = `
  CREATE DATABASE shop; CREATE TABLE shop.users (id INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_nopad_ci, UNIQUE KEY by_name (name));
  INSERT INTO shop.users VALUES (1, 'a'), (2, 'a ');
  CREATE TABLE shop.shown (id INT PRIMARY KEY, t VARCHAR(20) AS (SFORMAT('{}', id)) STORED);
  INSERT INTO shop.shown (id) VALUES (1);
  CREATE TABLE shop.plain (id INT PRIMARY KEY, v INT, CONSTRAINT small CHECK (v < 5)); SET check_constraint_checks = 0;
  INSERT INTO shop.plain VALUES (1, 1), (2, 9)`

test('what MySQL cannot hold of a MariaDB backup stops the restore by its name', async () => {
  await using folder = await temporaryDirectory()
  await using source = await startServer('mariadb-10.11', { sql: clashing })
  await using target = await startServer('mysql-9.7')
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'main'])
  const restore = (...more: readonly string[]) =>
    holdfast([
      'restore',
      'main',
      ...words,
      '--target',
      target.url(),
      '--to',
      'backup',
      '--translate',
      ...more,
    ])

  const shown = await restore('--schemas', 'shop')
  assertRefused(shown, 1, /table shop\.shown cannot be created: .*sformat/i)
  assert.match(shown.stderr, /leave it out with --exclude/)

  await removeAll(target)
  const users = await restore('--schemas', 'shop', '--exclude', 'shop.shown')
  assertRefused(users, 30, /shop\.users took .* its unique key by_name \(latin1_swedish_ci\)/)
  assert.match(users.stderr, /--exclude shop\.users/)

  await removeAll(target)
  const rest = await restore('--schemas', 'shop', '--exclude', 'shop.shown,shop.users')
  assert.equal(rest.exit, 3, rest.output)
  assert.match(rest.stderr, /table shop\.plain: check small is not enforced: rows of the backup break it/)
  assert.equal(await target.sql('SELECT SUM(v) FROM shop.plain'), '10\n')
})
