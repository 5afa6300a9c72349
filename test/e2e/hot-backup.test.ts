// The files of a running server by plain reads, through the command line: while it is written to and its tables come and go, and back to any moment.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { changeEverything } from '../support/clone-rig.ts'
import { assertComesBack, environmentOf } from '../support/comes-back.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds) {
  test(`a running server comes back from a hot copy, and with everything after it (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    const isMysql = source.flavour === 'mysql'
    await source.sql(`
      CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=MyISAM;
      INSERT INTO shop.notes VALUES (1, 'kept');
      CREATE TABLE shop.lines (id INT NOT NULL, line VARCHAR(80) NOT NULL) ENGINE=CSV;
      INSERT INTO shop.lines VALUES (1, 'kept too');
      CREATE TABLE shop.parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
      INSERT INTO shop.parts SELECT id FROM shop.orders;
      CREATE TABLE shop.packed (id INT PRIMARY KEY, text TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4;
      INSERT INTO shop.packed SELECT id, REPEAT('holdfast ', 300) FROM shop.orders LIMIT 50;
      ${isMysql ? '' : "CREATE TABLE shop.safe (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=Aria; INSERT INTO shop.safe VALUES (1, 'kept as well');"}
      CREATE USER taker@'%' IDENTIFIED BY 'Take-it-1';
      GRANT ${isMysql ? 'BACKUP_ADMIN, RELOAD, PROCESS, SELECT, LOCK TABLES' : 'RELOAD, BINLOG MONITOR'} ON *.* TO taker@'%';
      `)
    const env = environmentOf(source, folder.path)
    const url = source.url({ user: 'taker', password: 'Take-it-1' })
    const take = ['backup', '--method', 'hot', url, '--name', 'shop']
    await succeed(['init', '--no-encryption'], { env })

    await context.test('it is taken while everything changes', async () => {
      await using writing = changeEverything(source, 'hot')
      const run = await holdfast([...take, '--json'], { env })
      assert.equal(run.exit, 0, run.output)
      assert((await writing.stop()) > 0)
    })

    await context.test('it is proven by a server that recovers it and reads every table', async () => {
      const run = await succeed(['verify', 'shop', '--recover', '--scratch', folder.path], { env })
      assert.match(run.stdout, /comes back: a server recovered it to .+; \d+ tables checked/)
    })

    await takeOrders(source, 25)
    await source.sql('CREATE TABLE shop.later AS SELECT * FROM shop.packed')
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

    await context.test('files and binary logs together are the server as it is now', async () => {
      await assertComesBack(source, env, path.join(folder.path, 'latest'))
    })

    await context.test('a second backup stores what has changed alone', async () => {
      const run = await succeed([...take, '--json'], { env })
      const { backup }: { backup: BackupSummary } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
      assert.equal(backup.method, 'hot')
      assert.ok(backup.sizes.newBytes < backup.sizes.plainBytes / 4, run.stdout)
    })
  })
}
