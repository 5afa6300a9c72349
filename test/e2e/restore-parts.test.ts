// Parts of a backup by the command line: what is dropped is confirmed by its name, and the GTIDs of a backup are added on request.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const shop = `
  CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT); INSERT INTO shop.orders VALUES (1, 10), (2, 20);
  CREATE TABLE shop.log (id INT PRIMARY KEY); CREATE PROCEDURE shop.count_orders() SELECT COUNT(*) FROM shop.orders`

eachServer('parts of a backup come back by the command line', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind, { sql: shop })
  await using target = await startServer(kind)
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'main'])
  const restore = (server: { url(): string }, ...more: readonly string[]) =>
    holdfast(['restore', 'main', ...words, '--to', 'backup', '--target', server.url(), ...more])
  const gtids = () =>
    target.sql(
      target.flavour === 'mysql' ? 'SELECT @@GLOBAL.gtid_executed' : 'SELECT @@GLOBAL.gtid_slave_pos',
    )

  // Beside the table that is there, on the very server that the backup is of.
  const beside = ['--tables', 'shop.orders', '--rename', 'shop.orders:shop.orders_before']
  assertRefused(await restore(source, ...beside), 2, /this needs --confirm main/)
  const besides = await restore(source, ...beside, '--confirm', 'main')
  assert.equal(besides.exit, 0, besides.output)
  assert.equal(await source.sql('SELECT SUM(total) FROM shop.orders_before'), '30\n')

  await target.sql('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT); CREATE TABLE shop.mine (id INT)')
  const orders = ['--tables', 'shop.orders', '--on-existing', 'drop']
  const dryRun = await restore(target, ...orders, '--dry-run')
  assert.match(dryRun.stdout, /loses shop\.orders: this needs --confirm shop\.orders\./, dryRun.output)
  assertRefused(await restore(target, ...orders), 2, /loses shop\.orders: this needs --confirm shop\.orders/)
  assertRefused(
    await restore(target, ...orders, '--confirm', 'main'),
    2,
    /says main, and what is dropped is shop\.orders/,
  )
  assert.equal(await target.sql('SELECT COUNT(*) FROM shop.orders'), '0\n')
  const dropped = await restore(target, ...orders, '--confirm', 'shop.orders', '--verify')
  assert.equal(dropped.exit, 0, dropped.output)
  assert.match(dropped.stdout, /Verified/)
  assert.equal(await target.sql('SHOW TABLES FROM shop'), 'mine\norders\n')
  await target.sql('DELETE FROM shop.orders WHERE id = 2; UPDATE shop.orders SET id = 7')
  const appended = await restore(
    target,
    '--tables',
    'shop.orders',
    '--on-existing',
    'append',
    '--confirm',
    'main',
  )
  assert.match(appended.stdout, /2 rows of 1 table loaded/, appended.output)
  assert.equal(await target.sql('SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.orders'), '1,2,7\n')

  const before = await gtids()
  const renamed = ['--schemas', 'shop', '--rename', 'shop:copy', '--confirm', 'main']
  const copied = await restore(target, ...renamed, '--skip-binlog', '--set-gtid')
  assert.equal(copied.exit, 3, copied.output)
  assert.match(copied.stderr, /procedure shop\.count_orders names a schema.*not restored/)
  const point = JSON.parse((await succeed(['show', 'main', ...words, '--json'])).stdout).backup.point
  const after = await gtids()
  assert.notEqual(after, before)
  assert.ok(after.replaceAll(/\s|\\n/g, '').includes(point.gtid.text), `${after} has ${point.gtid.text}`)

  assertRefused(
    await holdfast([
      'restore',
      'main',
      ...words,
      '--to',
      'backup',
      '--tables',
      'shop.log',
      '--verify',
      '--on-existing',
      'append',
      '--dry-run',
    ]),
    2,
    /--verify cannot compare/,
  )
  const files = path.join(folder.path, 'files')
  const toFiles = ['restore', 'main', ...words, '--to-files', files, '--tables', 'shop.orders']
  await succeed([...toFiles, '--rename', 'shop:paper'])
  await target.sql(
    await import('node:fs/promises').then(({ readFile }) => readFile(`${files}/02-schemas.sql`, 'utf8')),
  )
  assert.equal(await target.sql("SHOW DATABASES LIKE 'paper'"), 'paper\n')
})

eachServer('a backup of rows alone goes into empty tables', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind, { sql: shop })
  await using target = await startServer(kind)
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'rows', '--data-only', '--schemas', 'shop'])
  const restore = ['restore', 'rows', ...words, '--to', 'backup', '--target', target.url()]
  assertRefused(await holdfast(restore), 2, /no table shop\.log, shop\.orders/)
  await target.sql(
    `${shop}; DELETE FROM shop.orders; DROP TABLE shop.log; CREATE TABLE shop.log (id BIGINT PRIMARY KEY)`,
  )
  const run = await succeed([...restore, '--confirm', 'rows'])
  assert.match(run.stdout, /2 rows of 2 tables loaded/)
  assertRefused(await holdfast([...restore, '--confirm', 'rows']), 2, /shop\.orders has rows already/)
  assertRefused(await holdfast([...restore, '--structure-only']), 2, /holds rows only/)
})
