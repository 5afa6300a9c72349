// Scripts for plain clients, which cannot ask their target what it has: they load, or say beforehand what they need.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { planScript } from '../../src/logical/script/script-plan.ts'
import { sqlStream } from '../../src/logical/script/sql-stream.ts'
import type { Selection } from '../../src/logical/selection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

async function scriptOf(source: TestServer, selection?: Selection) {
  const memory = new MemoryBackup()
  const request = { settings: source.settings(), sink: memory }
  const result = await dumpLogical(selection === undefined ? request : { ...request, selection })
  const backup = memory.source(result)
  const plan = planScript(backup)
  const pieces: Buffer[] = []
  for await (const piece of sqlStream(plan, backup)) pieces.push(piece)
  return { sql: Buffer.concat(pieces), warnings: plan.warnings }
}

/** Answers what the client says when it stops. */
async function runIn(target: TestServer, sql: Buffer): Promise<string> {
  const [program, ...args] = [...target.programs.client, '--comments', '--binary-mode']
  const child = execFile(program, args)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(sql)
  const [said] = await Promise.all([child.stderr === null ? '' : text(child.stderr), once(child, 'close')])
  return child.exitCode === 0 ? '' : said
}

const shop = `CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE gone (id INT);
  CREATE PROCEDURE p() SELECT 1; CREATE USER clerk@'%', lost@'%'; GRANT SELECT ON shop.t TO clerk@'%'; GRANT SELECT ON shop.* TO lost@'%';
  GRANT EXECUTE ON PROCEDURE shop.p TO clerk@'%'; GRANT SELECT ON shop.gone TO clerk@'%'; GRANT SELECT (help_topic_id) ON mysql.help_topic TO clerk@'%';
  CREATE DEFINER = clerk@'%' VIEW inner_view AS SELECT * FROM t; CREATE VIEW outer_view AS SELECT * FROM inner_view;
  GRANT SELECT ON shop.outer_view TO clerk@'%'; CREATE VIEW outermost AS SELECT * FROM outer_view;
  CREATE DEFINER = lost@'%' VIEW of_lost AS SELECT * FROM t; CREATE DEFINER = lost@'%' SQL SECURITY INVOKER VIEW of_invoker AS SELECT * FROM t;
  CREATE VIEW on_lost AS SELECT * FROM of_lost; CREATE VIEW on_that AS SELECT * FROM on_lost; CREATE VIEW on_invoker AS SELECT * FROM of_invoker;
  GRANT SELECT ON shop.on_lost TO clerk@'%'; CREATE TRIGGER counts BEFORE INSERT ON t FOR EACH ROW SET @rows = 1;
  CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO SET @a = 1; DROP TABLE gone`

async function madeOf(server: TestServer): Promise<string> {
  return await server.sql(
    `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1;
     SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop';
     SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'`,
  )
}

eachServer(
  'a script leaves out views on what nobody may see any more, and grants on nothing',
  async (kind) => {
    await using source = await startServer(kind, {
      sql: `${shop}; DROP USER lost@'%'`,
    })
    await using target = await startServer(kind)
    const { sql, warnings } = await scriptOf(source)
    assert.equal(await runIn(target, sql), '')
    await source.sql('DROP VIEW shop.on_that, shop.on_lost')
    assert.equal(await target.sql('SELECT * FROM shop.outermost; SELECT * FROM shop.on_invoker'), '1\n1\n')
    const told = warnings.join('\n')
    assert.match(told, /^view shop\.on_lost .* and is left out$/m)
    assert.match(told, /^view shop\.on_that refers to something that is not written and is left out$/m)
    assert.match(told, /^a grant of clerk@% is left out: it is on shop\.gone, which is not written$/m)
    assert.match(told, /^a grant of clerk@% is left out: it is on shop\.on_lost, which is not written$/m)
    assert.doesNotMatch(told, /outer|invoker|shop\.p\b|mysql/)
    assert.equal(await madeOf(target), await madeOf(source))
    const grants = await target.sql("SHOW GRANTS FOR clerk@'%'")
    for (const part of ['`shop`.`t`', '`shop`.`outer_view`', 'PROCEDURE `shop`.`p`', '`mysql`.`help_topic`'])
      assert.ok(grants.includes(part), `${part} in ${grants}`)
  },
)

eachServer('a script of a schema has the views last that its target may refuse', async (kind) => {
  await using source = await startServer(kind, {
    sql: shop,
  })
  const { sql, warnings } = await scriptOf(source, { kind: 'schemas', schemas: ['shop'] })
  const told = warnings.join('\n')
  const outer =
    'view shop.outer_view is on shop.inner_view, whose definer clerk@% the script does not make, and comes last: it may be refused'
  assert.ok(told.includes(outer), told)
  assert.match(told, /^view shop\.outermost is on shop\.outer_view, which comes last, and comes last/m)
  await using bare = await startServer(kind)
  assert.match(await runIn(bare, sql), /'(?:clerk|lost)'@'%'.* does not exist/)
  assert.match(await madeOf(bare), /of_lost\non_invoker\nt\ncounts\ndaily\n$/)
  await using ready = await startServer(kind, {
    sql: "CREATE USER clerk@'%', lost@'%'; GRANT SELECT ON *.* TO clerk@'%', lost@'%'",
  })
  assert.equal(await runIn(ready, sql), '')
  assert.equal(await madeOf(ready), await madeOf(source))
})

for (const kind of testedKinds.filter((one) => one.startsWith('mysql'))) {
  test(`what a script cannot bring to a bare MySQL it does without, or tells (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `SET GLOBAL partial_revokes = ON; CREATE DATABASE shop; CREATE DATABASE secret; CREATE USER most; GRANT SELECT ON *.* TO most;
        REVOKE SELECT ON secret.* FROM most; CREATE TABLESPACE \`sha\`\`red\` ADD DATAFILE 'shared.ibd';
        CREATE TABLE shop.t (id INT PRIMARY KEY) TABLESPACE \`sha\`\`red\`; CREATE TABLE shop.in_system (id INT PRIMARY KEY) TABLESPACE innodb_system;
        INSERT INTO shop.t VALUES (1); CREATE TABLE shop.known (p POINT NOT NULL SRID 4326); CREATE VIEW shop.v AS SELECT * FROM shop.t;
        CREATE EVENT shop.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1; ALTER DATABASE shop READ ONLY = 1`,
    })
    await using target = await startServer(kind)
    const { sql, warnings } = await scriptOf(source)
    assert.deepEqual(warnings, [
      'table shop.t is written without its tablespace sha`red: it gets a file of its own',
      'accounts may do less in some schemas than everywhere: partial_revokes is turned on, and stays on',
    ])
    assert.equal(await runIn(target, sql), '')
    assert.equal(await target.sql('SELECT * FROM shop.v'), '1\n')
    assert.match(await target.sql('SHOW CREATE TABLE shop.in_system'), /TABLESPACE `innodb_system`/)
    assert.match(await target.sql('SHOW CREATE DATABASE shop'), /READ ONLY = 1/)
    assert.equal(await target.sql('SHOW GRANTS FOR most'), await source.sql('SHOW GRANTS FOR most'))

    const system = `CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'own' DEFINITION 'PROJCS["x",GEOGCS["WGS 84",DATUM["World Geodetic System 1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.017453292519943278,AUTHORITY["EPSG","9122"]],AXIS["Lat",NORTH],AXIS["Lon",EAST]],PROJECTION["Popular Visualisation Pseudo Mercator",AUTHORITY["EPSG","1024"]],PARAMETER["Latitude of natural origin",0,AUTHORITY["EPSG","8801"]],PARAMETER["Longitude of natural origin",0,AUTHORITY["EPSG","8802"]],PARAMETER["False easting",0,AUTHORITY["EPSG","8806"]],PARAMETER["False northing",0,AUTHORITY["EPSG","8807"]],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["X",EAST],AXIS["Y",NORTH]]'`
    await source.sql(
      `${system}; CREATE DATABASE maps; CREATE TABLE maps.places (p POINT NOT NULL SRID 990001)`,
    )
    const maps = await scriptOf(source, { kind: 'schemas', schemas: ['maps'] })
    assert.deepEqual(maps.warnings, [
      'table maps.places needs spatial reference system 990001, which is not written: make it on the target before',
    ])
    await target.sql(system)
    assert.equal(await runIn(target, maps.sql), '')
  })
}

for (const kind of testedKinds.filter((one) => one.startsWith('mariadb'))) {
  test(`a script tells which roles must be there (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: 'CREATE ROLE boss; CREATE DATABASE shop; CREATE DEFINER = boss VIEW shop.v AS SELECT 1 AS a',
    })
    assert.deepEqual((await scriptOf(source)).warnings, [])
    const { warnings } = await scriptOf(source, { kind: 'schemas', schemas: ['shop'] })
    assert.deepEqual(warnings, [
      'view shop.v has the role boss as its definer: where there is no such role, MariaDB makes it boss@%',
    ])
  })
}
