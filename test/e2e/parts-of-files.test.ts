// Single tables out of a backup of files, by the command line: as they were in it, and as they were at any moment after it.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { startLiveSource } from '../support/live-files.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const more = `
  ALTER TABLE shop.orders DROP FOREIGN KEY order_customer;
  CREATE TABLE shop.notes (id INT PRIMARY KEY, text VARCHAR(200), FULLTEXT (text)) ENGINE=InnoDB;
  INSERT INTO shop.notes VALUES (1, 'kept'), (2, 'also kept');
  CREATE TABLE shop.\`day-book\` (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
  INSERT INTO shop.\`day-book\` SELECT id FROM shop.orders LIMIT 50;
  CREATE TABLE shop.plain (i INT) ENGINE=MyISAM; INSERT INTO shop.plain VALUES (1);
  CREATE TABLE shop.\`dot.ted\` (i INT) ENGINE=MyISAM; INSERT INTO shop.\`dot.ted\` VALUES (1);
  CREATE TABLE shop.lines (id BIGINT PRIMARY KEY, qty INT, CONSTRAINT line_order FOREIGN KEY (id) REFERENCES shop.orders (id));
  CREATE TABLE shop.tails (id BIGINT PRIMARY KEY, FOREIGN KEY (id) REFERENCES shop.lines (id) ON DELETE CASCADE);`

/** Rows of many tables in one statement, rows that a foreign key takes along, and definitions of other tables. */
const later = `
  INSERT INTO shop.lines SELECT id, 1 FROM shop.orders WHERE note = 'while streaming';
  INSERT INTO shop.tails SELECT id FROM shop.lines;
  UPDATE shop.customers c JOIN shop.orders o ON o.customer_id = c.id JOIN shop.lines l ON l.id = o.id
    SET l.qty = l.qty + c.id, c.name = CONCAT(c.name, ' again'), o.total = o.total + 1;
  CREATE TABLE shop.unrelated (id INT PRIMARY KEY) SELECT 1 AS id; ALTER TABLE shop.audit ADD KEY (what);
  ALTER TABLE shop.notes ADD COLUMN more INT DEFAULT 7;
  DELETE FROM shop.lines ORDER BY id LIMIT 5;`

const sumOf = (server: TestServer, table: string) =>
  server.sql(`SELECT COUNT(*), SUM(CRC32(CONCAT_WS(',', id, customer_id, total, state, note))) FROM ${table}`)

eachServer('tables come back out of a backup of files, beside what a server has', async (kind, context) => {
  await using folder = await temporaryDirectory()
  await using source = await startLiveSource(kind)
  const { server } = source
  await createShop(server)
  await server.sql(more)
  const env = {
    ...source.env,
    HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
    HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
  }
  await succeed(['init', '--no-encryption'], { env })
  const atBackup = await sumOf(server, 'shop.orders')
  const writing = server.sql(
    Array.from({ length: 300 }, (_, i) => `INSERT INTO shop.audit (what) VALUES ('during ${i}');`).join('\n'),
  )
  const taken = await holdfast([...source.backup, '--name', 'shop'], { env })
  // A clone warns of the rows that it lacks.
  assert.equal(taken.exit, server.flavour === 'mysql' ? 3 : 0, taken.output)
  await writing
  await takeOrders(server, 25)
  await server.sql(later)
  const beforeLoss = await sumOf(server, 'shop.orders')
  const lines = 'SELECT COUNT(*), SUM(qty), SUM(id) FROM shop.lines'
  const linesBefore = await server.sql(lines)
  const tailsBefore = await server.sql('SELECT COUNT(*), SUM(id) FROM shop.tails')
  await server.sql(
    "SET foreign_key_checks = 0; DELETE FROM shop.orders WHERE note = 'while streaming'; UPDATE shop.orders SET total = 0",
  )
  await succeed(['stream', server.url(), '--name', 'shop', '--until-caught-up'], { env })
  const restore = (target: TestServer, ...words: readonly string[]) =>
    holdfast(['restore', 'shop', '--target', target.url(), '--scratch', folder.path, ...words], { env })
  const words = ['--tables', 'shop.orders', '--rename', 'shop.orders:shop.orders_before']

  await context.test('a dry run tells the steps and writes nothing', async () => {
    const run = await restore(server, ...words, '--to', 'backup', '--dry-run')
    assert.equal(run.exit, 0, run.output)
    assert.match(run.stdout, /Write the files of physical backup .+Read what was chosen from it/s)
  })

  await context.test('as they were in the backup, from their own files alone', async () => {
    const run = await restore(server, ...words, '--to', 'backup', '--confirm', 'shop', '--verify')
    assert.equal(run.exit, 3, run.output)
    assert.match(run.stderr, /warning: trigger shop\.order_added is not restored/)
    assert.match(run.stdout, /rows of 1 table loaded.*Verified/s)
    assertFewFiles(run)
    assert.equal(await sumOf(server, 'shop.orders_before'), atBackup)
    const left = (await readdir(folder.path)).filter((name) => name.startsWith('holdfast'))
    assert.deepEqual(left, [], 'nothing is left of the recovery')
  })

  const find = ['binlog', 'find', 'shop', '--table', 'shop.orders', '--kind', 'delete', '--json']
  const [{ gtid }] = JSON.parse((await succeed(find, { env })).stdout).transactions

  await context.test('as the files that they are, on the same host', async () => {
    const byFile = ['--import-tablespaces', '--to', `before-gtid:${gtid}`, '--confirm', 'shop']
    const one = ['--tables', 'shop.orders', '--rename', 'shop.orders:shop.orders_file', ...byFile]
    assertRefused(await restore(server, ...one), 2, /no binary log can carry a tablespace/)
    assertRefused(await restore(server, ...one, '--skip-binlog', '--verify'), 2, /compared in any case/)
    const over = ['--tables', 'shop.orders', '--on-existing', 'drop', '--skip-binlog', ...byFile]
    assertRefused(await restore(server, ...over), 2, /would be gone before its file is known to fit/)
    const run = await restore(server, ...one, '--skip-binlog')
    assert.equal(run.exit, 3, run.output)
    assertFewFiles(run)
    assert.match(run.stdout, /1 tablespace \(.+\) imported/)
    assert.equal(await sumOf(server, 'shop.orders_file'), beforeLoss)
    await server.sql('INSERT INTO shop.orders_file (customer_id, total) VALUES (1, 1)')
    for (const [table, why] of [
      ['shop.`day-book`', 'it has partitions'],
      ['shop.notes', 'it has a full-text index'],
    ] as const) {
      const chosen = ['--tables', table, '--rename', `${table}:shop.other`, ...byFile, '--skip-binlog']
      assertRefused(await restore(server, ...chosen), 1, new RegExp(`cannot go as a file: ${why}`))
    }
  })

  await context.test('as they were at a moment between two transactions, on another server', async () => {
    await using target = await startServer(kind)
    const at = ['--to', `before-gtid:${gtid}`]
    const few = await restore(target, '--tables', 'shop.lines', '--rename', 'shop:few', ...at)
    assert.equal(few.exit, 0, few.output)
    assertFewFiles(few)
    assert.equal(await target.sql(lines.replace('shop.', 'few.')), linesBefore)
    const chosen = ['--tables', 'shop.orders,shop.notes,shop.`day-book`,shop.customers,shop.tails']
    const run = await restore(target, ...chosen, ...at, '--confirm', 'shop')
    assert.equal(run.exit, 0, run.output)
    assert.match(run.stderr, /all files are written: .+ (foreign key of shop\.tails|ALTER TABLE shop\.notes)/)
    assert.equal(await sumOf(target, 'shop.orders'), beforeLoss)
    assert.equal(await target.sql('SELECT COUNT(*), SUM(id) FROM shop.tails'), tailsBefore)
    assert.equal(await target.sql('SELECT MAX(more) FROM shop.notes'), '7\n')
    assert.equal(await target.sql('SELECT COUNT(*) FROM shop.`day-book`'), '50\n')
    assert.equal(
      await target.sql("SELECT COUNT(*) FROM shop.notes WHERE MATCH (text) AGAINST ('kept')"),
      '2\n',
    )
    assert.equal(await target.sql('SHOW TABLES FROM shop'), 'customers\nday-book\nnotes\norders\ntails\n')
  })

  await context.test('what files do not have is refused in one sentence', async () => {
    assertRefused(await restore(server, '--tables', 'shop.none', '--to', 'backup'), 2, /shop\.none/)
    assertRefused(await restore(server, '--to', 'backup'), 2, /takes a logical one/)
    const plain = await restore(
      server,
      '--tables',
      'shop.plain',
      '--rename',
      'shop.plain:shop.p',
      '--confirm',
      'shop',
    )
    if (server.flavour === 'mysql') {
      assertRefused(plain, 1, /the backup has shop\.plain without rows: .+MyISAM/)
      const dotted = ['--tables', 'shop.`dot.ted`', '--rename', 'shop:other', '--confirm', 'shop']
      const why = /without the rows of shop\.dot\.ted \(MyISAM\)/
      assertRefused(await restore(server, ...dotted), 1, why)
    } else {
      assert.equal(plain.exit, 0, plain.output)
      assert.equal(await server.sql('SELECT i FROM shop.p'), '1\n')
    }
  })
})

/** No others were looked at, neither for the base nor for the replay. */
function assertFewFiles({ stderr, output }: HoldfastRun): void {
  const [, chosen, all] = /^choosing files: (\d+) of (\d+)$/m.exec(stderr) ?? []
  assert.ok(Number(chosen) < Number(all), output)
  assert.doesNotMatch(stderr, /all files are written/)
}
