// Tables that a server takes only in a way of their own come back, or are refused before anything is made.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadIdentity } from '../../src/logical/ledger/load-identity.ts'
import { LoadLedger } from '../../src/logical/ledger/load-ledger.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { planScript } from '../../src/logical/script/script-plan.ts'
import { sectionText } from '../../src/logical/script/sections.ts'
import { entryText } from '../../src/logical/translate/report.ts'
import { proveLoad } from '../../src/logical/verify-target/prove-load.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

async function backupOf(source: TestServer) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  return { backup: memory.source(result), warnings: result.warnings }
}

eachServer('rows of ARCHIVE tables come in the order of their counter', async (kind) => {
  const sql = kind.startsWith('mysql') ? {} : { sql: "INSTALL SONAME 'ha_archive'" }
  await using source = await startServer(kind, sql)
  await using target = await startServer(kind, sql)
  await source.sql(`CREATE DATABASE l; CREATE TABLE l.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT COMMENT ') ENGINE=ARCHIVE AUTO_INCREMENT=7') ENGINE = ARCHIVE;
    INSERT INTO l.t VALUES (3, 'x'), (4, 'y'), (9, 'z'); CREATE TABLE l.later (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE = ARCHIVE AUTO_INCREMENT = 50`)
  const { backup } = await backupOf(source)
  await loadLogical({ settings: target.settings(), backup })
  for (const table of ['t', 'later'])
    assert.equal(
      await target.sql(`SHOW CREATE TABLE l.${table}`),
      await source.sql(`SHOW CREATE TABLE l.${table}`),
    )
  assert.deepEqual(await differencesBetween(source, target), [])
  const script = Buffer.concat([...sectionText(planScript(backup), 'tables')]).toString()
  assert.match(script, /AUTO_INCREMENT=50/)
  assert.doesNotMatch(script, /AUTO_INCREMENT=10/)
})

eachServer('what was computed without strict mode is computed so again, and read back', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  await using source = await startServer(kind, {
    sql: `CREATE DATABASE l; USE l; SET sql_mode = '';
      CREATE TABLE texts (id INT PRIMARY KEY, a VARCHAR(20), v CHAR(3) AS (a) STORED); INSERT INTO texts (id, a) VALUES (1, 'abcdef'), (2, 'x'), (3, NULL);
      CREATE TABLE dates (id INT PRIMARY KEY, a VARCHAR(20), d DATE AS (a) STORED, KEY (d)); INSERT INTO dates (id, a) VALUES (1, 'no date'), (2, '2026-01-31');
      CREATE TABLE narrow (id INT PRIMARY KEY, a INT, n TINYINT AS (a) STORED, m TINYINT AS (a / 0) STORED); INSERT INTO narrow (id, a) VALUES (1, 1000), (2, -7);
      ${isMysql ? "CREATE TABLE indexed (id INT PRIMARY KEY, a VARCHAR(20), KEY k ((CAST(a AS SIGNED)))); INSERT INTO indexed VALUES (1, 'no number'), (2, '5')" : ''}`,
  })
  const { backup } = await backupOf(source)
  for (const args of [['--local-infile=1'], ['--local-infile=0']]) {
    await using target = await startServer(kind, { args })
    await loadLogical({ settings: target.settings(), backup })
    assert.deepEqual(await differencesBetween(source, target), [])
    for (const table of ['texts', 'dates', 'narrow'])
      assert.equal(await target.sql(`SELECT * FROM l.${table}`), await source.sql(`SELECT * FROM l.${table}`))
  }
})

const withStored = (name: string) =>
  `CREATE TABLE l.${name} (id INT PRIMARY KEY, a VARCHAR(20), d DATE AS (STR_TO_DATE(a, '%Y-%m-%d')) STORED, t TIME(6), u TIME(6) AS (t) STORED);
   INSERT INTO l.${name} (id, a, t) VALUES (1, '2026-01-31', '10:00:00'), (2, NULL, '10:00:00.25'), (3, '2026-02-28', NULL);`

eachServer('stored values that come back otherwise are told, and no proof passes over them', async (kind) => {
  await using source = await startServer(kind, {
    sql: `CREATE DATABASE l; ${withStored('alike')} ${withStored('other')} ${withStored('kept')}
      SET sql_mode = 'NO_ZERO_IN_DATE,NO_ZERO_DATE'; INSERT INTO l.other (id, a) VALUES (4, '2020-00-01'); INSERT INTO l.kept (id, a) VALUES (4, '2020-00-01')`,
  })
  assert.equal(await source.sql('SELECT d FROM l.other WHERE id = 4'), 'NULL\n')
  await using target = await startServer(kind)
  const [settings, memory] = [target.settings(), new MemoryBackup()]
  const filters = { where: [{ schema: 'l', name: 'kept', condition: 'id < 4 -- those' }] }
  const worth = { threadBytes: 0, rangeBytes: 1 }
  const result = await dumpLogical({ settings: source.settings(), sink: memory, filters, worth })
  const backup = memory.source(result)
  const identity = loadIdentity({
    backupId: 'b',
    content: parseLogicalContent(backup.content),
    onExisting: 'fail',
    skipBinlog: false,
  })
  const openLedger = () =>
    LoadLedger.open({ settings, identity, skipBinlog: false, emit: () => undefined, signal: undefined })
  const ledger = await openLedger()
  const { warnings } = await loadLogical({ settings, backup, ledger })
  assert.equal(await target.sql('SELECT d FROM l.other WHERE id = 4'), '2020-00-01\n')
  assert.deepEqual(
    warnings.map((warning) => /^table (\S+) has other values than the source in d, u:/.exec(warning)?.[1]),
    ['l.other'],
  )
  const verify = () => proveLoad({ settings, backup, backupId: 'b', loadWarnings: [] })
  await assert.rejects(ledger.proving(verify), (error) => {
    assert.ok(isHoldfastError(error, 'VERIFY_FAILED'), String(error))
    assert.match(error.message, /table l\.other has other values than the source in d, u: [^;]*; [^;]*$/)
    assert.match(error.hint, /^Restoring again will not change this: .* sql_mode of the writer/)
    return true
  })
  await ledger[Symbol.asyncDispose]()
  // Without a proof it may go on from there.
  await using next = await openLedger()
  await next.drop()
  await target.sql(
    "SET sql_mode = 'NO_ZERO_IN_DATE,NO_ZERO_DATE'; UPDATE l.other SET a = NULL WHERE id = 4; UPDATE l.other SET a = '2020-00-01' WHERE id = 4",
  )
  await verify()
})

for (const kind of testedKinds.filter((one) => one.startsWith('mysql'))) {
  test(`a table of a tablespace that the target lacks gets a file of its own, and that is told (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE l; CREATE TABLESPACE \`sha\`\`red\` ADD DATAFILE 'shared.ibd';
        CREATE TABLE l.t (id INT PRIMARY KEY, v INT COMMENT 'x', KEY (v)) TABLESPACE \`sha\`\`red\`; INSERT INTO l.t VALUES (1, 1);
        CREATE TABLE l.in_system (id INT PRIMARY KEY) TABLESPACE innodb_system`,
    })
    const { backup } = await backupOf(source)
    for (const options of [{}, { deferFromBytes: 0 }]) {
      await using target = await startServer(kind)
      const { changes, warnings } = await loadLogical({ settings: target.settings(), backup, ...options })
      assert.deepEqual(changes.map(entryText), [
        'table l.t is in a file of its own: the target has no tablespace sha`red, in which it was',
      ])
      assert.equal(await target.sql('SELECT id, v FROM l.t'), '1\t1\n')
      assert.match(await target.sql('SHOW CREATE TABLE l.in_system'), /TABLESPACE `innodb_system`/)
      assert.match(await target.sql('SHOW CREATE TABLE l.t'), /KEY `v`/)
      await proveLoad({ settings: target.settings(), backup, backupId: 'b', loadWarnings: warnings })
    }
    await using like = await startServer(kind, {
      sql: "CREATE TABLESPACE `sha``red` ADD DATAFILE 'shared.ibd'",
    })
    assert.deepEqual((await loadLogical({ settings: like.settings(), backup })).changes, [])
    assert.match(await like.sql('SHOW CREATE TABLE l.t'), /TABLESPACE `sha``red`/)
  })

  test(`a schema that is READ ONLY is filled, and then READ ONLY, by one run or two (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE l; CREATE TABLE l.t (id INT PRIMARY KEY); INSERT INTO l.t VALUES (1); CREATE TABLE l.m (id INT) ENGINE = MyISAM; INSERT INTO l.m VALUES (2);
        CREATE VIEW l.v AS SELECT * FROM l.t; CREATE EVENT l.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1; ALTER DATABASE l READ ONLY = 1`,
    })
    const { backup, warnings } = await backupOf(source)
    assert.deepEqual(warnings, [])
    await using target = await startServer(kind)
    const settings = target.settings()
    const identity = loadIdentity({
      backupId: 'b',
      content: parseLogicalContent(backup.content),
      onExisting: 'fail',
      skipBinlog: false,
    })
    for (const run of ['first', 'second']) {
      const ledgerOptions = {
        settings,
        identity,
        skipBinlog: false,
        emit: () => undefined,
        signal: undefined,
      }
      await using ledger = await LoadLedger.open(ledgerOptions)
      assert.equal(ledger.begun === undefined, run === 'first')
      await loadLogical({ settings, backup, ledger })
      assert.match(await target.sql('SHOW CREATE DATABASE l'), /READ ONLY = 1/)
      assert.equal(await target.sql('SELECT * FROM l.v; SELECT * FROM l.m'), '1\n2\n')
    }
    await proveLoad({ settings, backup, backupId: 'b', loadWarnings: [] })
    await using followed = await startServer(kind)
    const behind = await loadLogical({ settings: followed.settings(), backup, isReplayed: true })
    assert.deepEqual(behind.warnings, [
      'schema l was READ ONLY in the backup, and is not, for what is replayed may write to it: ALTER DATABASE `l` READ ONLY = 1',
    ])
    await proveLoad({ settings: followed.settings(), backup, backupId: 'b', loadWarnings: [] })
  })

  test(`a column of a reference system that the target lacks is refused before anything is made (${kind})`, async () => {
    const system = `CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'own' DEFINITION 'GEOGCS["WGS 84",DATUM["World Geodetic System 1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.017453292519943278,AUTHORITY["EPSG","9122"]],AXIS["Lat",NORTH],AXIS["Lon",EAST]]'`
    await using source = await startServer(kind, {
      sql: `${system}; CREATE DATABASE l; CREATE TABLE l.known (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326);
        CREATE USER somebody@'%'; CREATE TABLE l.t (id INT PRIMARY KEY, p POINT NOT NULL SRID 990001); INSERT INTO l.t VALUES (1, ST_GeomFromText('POINT(1 2)', 990001))`,
    })
    await using target = await startServer(kind)
    const { backup, warnings } = await backupOf(source)
    assert.deepEqual(warnings, ['spatial reference system 990001 (own) is not part of the backup'])
    await assert.rejects(loadLogical({ settings: target.settings(), backup }), (error) => {
      assert.ok(isHoldfastError(error, 'TARGET_MISMATCH'), String(error))
      assert.equal(error.message, 'the target has no spatial reference system 990001 (l.t)')
      return true
    })
    assert.equal(
      await target.sql("SHOW DATABASES LIKE 'l'; SELECT User FROM mysql.user WHERE User = 'somebody'"),
      '',
    )
    await target.sql(system)
    await loadLogical({ settings: target.settings(), backup })
    assert.deepEqual(await differencesBetween(source, target), [])
  })
}
