// Views on views: what their definers may do decides whether they can be made at all.
import assert from 'node:assert/strict'
import { guardedFolder } from '../../scripts/servers/warden.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const shop = `CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);
  CREATE USER clerk@'%'; GRANT SELECT ON shop.t TO clerk@'%';
  CREATE DEFINER = clerk@'%' VIEW inner_view AS SELECT * FROM t; CREATE VIEW outer_view AS SELECT * FROM inner_view;
  GRANT SELECT ON shop.outer_view TO clerk@'%'; CREATE VIEW outermost AS SELECT * FROM outer_view;
  CREATE TRIGGER counts BEFORE INSERT ON t FOR EACH ROW SET @rows = 1; CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO SET @a = 1`

async function madeOf(server: TestServer): Promise<string> {
  return await server.sql(
    `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1;
     SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop';
     SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'; SHOW GRANTS FOR clerk@'%'`,
  )
}

eachServer('a view on one whose definer has a few grants comes back with all of them', async (kind) => {
  await using source = await startServer(kind, { sql: shop })
  await using target = await startServer(kind)
  await using folder = await guardedFolder('hf-views')
  const repository = ['--repository', `${folder.path}/repository`]
  await succeed(['init', ...repository, '--no-encryption'])
  await succeed(['backup', source.url(), ...repository, '--name', 'shop'])
  await succeed(['restore', 'shop', ...repository, '--to', 'backup', '--target', target.url(), '--verify'])
  assert.equal(await madeOf(target), await madeOf(source))
  assert.equal(await target.sql('SELECT * FROM shop.outermost'), '1\n')
})

eachServer('a view on one whose definer is gone is told by name, and all else comes back', async (kind) => {
  await using source = await startServer(kind, { sql: `${shop}; CREATE USER lost@'%'` })
  await source.sql(`USE shop; GRANT SELECT ON shop.* TO lost@'%'; CREATE DEFINER = lost@'%' VIEW of_lost AS SELECT * FROM t;
    CREATE VIEW on_lost AS SELECT * FROM of_lost; CREATE VIEW on_that AS SELECT * FROM on_lost; DROP USER lost@'%'`)
  await using target = await startServer(kind)
  await using folder = await guardedFolder('hf-views')
  const repository = ['--repository', `${folder.path}/repository`]
  await succeed(['init', ...repository, '--no-encryption'])
  await succeed(['backup', source.url(), ...repository, '--name', 'shop'])
  const run = await holdfast([
    'restore',
    'shop',
    ...repository,
    '--to',
    'backup',
    '--target',
    target.url(),
    '--verify',
  ])
  assert.equal(run.exit, 3, run.output)
  assert.match(
    run.stderr,
    /view shop\.on_lost refers to something that is missing and was not created: .*'lost'@'%'.* does not exist/,
  )
  assert.match(
    run.stderr,
    /view shop\.on_that refers to something that is missing and was not created: .*on_lost/,
  )
  await source.sql('DROP VIEW shop.on_that, shop.on_lost')
  assert.equal(await madeOf(target), await madeOf(source))
})
