// A restore by an account that has exactly what is asked of it, and nothing before it has that.
import assert from 'node:assert/strict'
import path from 'node:path'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

/** Every kind of statement that needs a privilege of its own, in rows, definitions and accounts of other owners. */
async function fillSource(server: TestServer): Promise<void> {
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 100 })
  await server.sql(`
    CREATE USER 'watcher'@'10.%' IDENTIFIED BY 'Watch-1';
    GRANT PROCESS, REPLICATION SLAVE, SHUTDOWN ON *.* TO 'watcher'@'10.%' WITH GRANT OPTION;
    CREATE USER 'gone'@'%' IDENTIFIED BY 'Gone-1';
    CREATE DEFINER = 'gone'@'%' VIEW shop.orphan AS SELECT 1 AS one;
    DROP USER 'gone'@'%'`)
}

/** What a binary log brings besides rows. */
const later = `
  INSERT INTO shop.orders (customer_id) VALUES (1); UPDATE shop.orders SET note = 'late' WHERE id = 1; DELETE FROM shop.page_views LIMIT 3;
  CREATE TABLE shop.later (id INT PRIMARY KEY, n INT); ALTER TABLE shop.later ADD KEY (n); INSERT INTO shop.later VALUES (1, 1);
  CREATE TEMPORARY TABLE shop.passing (a INT); DROP TEMPORARY TABLE shop.passing;
  CREATE DEFINER = 'watcher'@'10.%' PROCEDURE shop.late() SELECT 1; CREATE VIEW shop.late_view AS SELECT * FROM shop.later;
  CREATE EVENT shop.late_event ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;
  CREATE TRIGGER shop.late_trigger BEFORE INSERT ON shop.later FOR EACH ROW SET NEW.n = NEW.n;
  CREATE USER 'late'@'%' IDENTIFIED BY 'Late-1'; GRANT SELECT, UPDATE, EXECUTE ON shop.* TO 'late'@'%';
  CREATE TABLE shop.brief (a INT); DROP TABLE shop.brief; TRUNCATE TABLE shop.page_views;
  RENAME USER 'late'@'%' TO 'latest'@'%'; ALTER USER 'latest'@'%' IDENTIFIED BY 'Latest-1'`

eachServer('a restore names what its account lacks, and needs nothing more', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind, { users: [{ user: 'restorer', password: 'pw' }] })
  await fillSource(source)
  const words = ['--repository', path.join(folder.path, 'repository')]
  const key = path.join(folder.path, 'recovery.key')
  const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool') }
  await succeed(['init', ...words, '--identity-out', key])
  await succeed(['backup', source.url(), ...words, '--name', 'shop'])
  const stream = ['stream', source.url(), ...words, '--name', 'shop', '--until-caught-up']
  await source.sql(later)
  await succeed(stream, { env })

  const url = target.url({ user: 'restorer', password: 'pw' })
  const restore = ['restore', 'shop', ...words, '--identity', key, '--target', url]
  const refused = await holdfast(restore)
  assertRefused(refused, 21, /restorer@% lacks privileges for a restore: /)
  assert.equal(await target.sql("SHOW DATABASES LIKE 'shop'"), '')
  const grant = /GRANT .*;/.exec(refused.stderr)?.[0] ?? ''
  assert.doesNotMatch(grant, /ALL PRIVILEGES/)
  await target.sql(grant)
  await succeed(restore)
  await target.sql('DROP USER restorer')
  // On MariaDB 11.8 CHECKSUM TABLE is no function of the rows: ALTER TABLE … FORCE alone changes it. Their bytes are compared too.
  const differences = await differencesBetween(source, target)
  assert.deepEqual(
    differences.filter((difference) => !difference.startsWith('checksum of shop.order_items:')),
    [],
  )
})

eachServer('chosen schemas need privileges on them alone, and are refused without', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind, {
    sql: "CREATE DATABASE some_data; CREATE TABLE some_data.t (a INT PRIMARY KEY); INSERT INTO some_data.t VALUES (7); CREATE USER 'u'@'%'",
  })
  const words = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'plain'])
  await source.sql("CREATE DEFINER = 'u'@'%' PROCEDURE some_data.p() SELECT 1")
  await succeed(['backup', source.url(), ...words, '--name', 'coded'])

  for (const [name, grants] of [
    ['plain', 1],
    ['coded', 2],
  ] as const) {
    await using target = await startServer(kind, { users: [{ user: 'restorer', password: 'pw' }] })
    const url = target.url({ user: 'restorer', password: 'pw' })
    const restore = ['restore', name, ...words, '--to', 'backup', '--schemas', 'some_data', '--target', url]
    const refused = await holdfast(restore)
    assertRefused(refused, 21, /restorer@% lacks privileges to restore some_data/)
    const asked = refused.stderr.match(/GRANT [^;]*;/g) ?? []
    assert.equal(asked.length, grants, refused.output)
    assert.match(asked[0] ?? '', / ON `some\\_data`\.\* /)
    for (const grant of asked) await target.sql(grant)
    await succeed(restore)
    assert.equal(await target.sql('SELECT a FROM some_data.t'), '7\n')
  }
})
