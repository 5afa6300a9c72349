// Accounts that come back: never with more rights than they had, and no newer than they were.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'

async function backupOf(server: TestServer) {
  const memory = new MemoryBackup()
  return memory.source(await dumpLogical({ settings: server.settings(), sink: memory }))
}

for (const kind of testedKinds.filter((one) => one.startsWith('mysql'))) {
  test(`an account with partial revokes goes to no server that would give it more (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `SET GLOBAL partial_revokes = ON; CREATE DATABASE shop; CREATE DATABASE secret; CREATE TABLE shop.t (id INT PRIMARY KEY);
        CREATE USER most; GRANT SELECT ON *.* TO most; REVOKE SELECT ON secret.* FROM most`,
    })
    await using target = await startServer(kind)
    const backup = await backupOf(source)
    await assert.rejects(loadLogical({ settings: target.settings(), backup }), (error) => {
      assert.ok(isHoldfastError(error, 'TARGET_MISMATCH'), String(error))
      assert.match(error.message, /more rights than they had to most@%/)
      assert.match(error.hint, /partial_revokes = ON/)
      return true
    })
    assert.equal(await target.sql("SELECT COUNT(*) FROM mysql.user WHERE User = 'most'"), '0\n')
    assert.doesNotMatch(await target.sql('SHOW DATABASES'), /shop/)
    await target.sql('SET GLOBAL partial_revokes = ON')
    await loadLogical({ settings: target.settings(), backup })
    const grants = 'SHOW GRANTS FOR most'
    assert.equal(await target.sql(grants), await source.sql(grants))
  })
}

for (const kind of testedKinds.filter((one) => one.startsWith('mariadb'))) {
  test(`a password that has expired comes back expired (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `CREATE USER old IDENTIFIED BY 'Old-1' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 7 PASSWORD EXPIRE; GRANT SELECT ON *.* TO old WITH GRANT OPTION`,
    })
    await using target = await startServer(kind)
    const { warnings } = await loadLogical({ settings: target.settings(), backup: await backupOf(source) })
    assert.deepEqual(
      warnings.filter((warning) => /old/.test(warning)),
      [],
    )
    for (const ask of [
      'SHOW CREATE USER old',
      'SHOW GRANTS FOR old',
      "SELECT JSON_EXTRACT(Priv, '$.password_last_changed') FROM mysql.global_priv WHERE User = 'old'",
    ]) {
      assert.equal(await target.sql(ask), await source.sql(ask))
    }
  })
}

for (const kind of testedKinds.filter((one) => one.startsWith('mariadb'))) {
  test(`code whose definer is a role is refused where the role is not, and else comes back with it (${kind})`, async () => {
    const code = `CREATE DEFINER = boss VIEW shop.v AS SELECT * FROM shop.t; CREATE DEFINER = boss PROCEDURE shop.p() SELECT 1;
      CREATE DEFINER = boss TRIGGER shop.g BEFORE INSERT ON shop.t FOR EACH ROW SET @a = 1`
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); CREATE ROLE boss; ${code}`,
    })
    await using target = await startServer(kind)
    const settings = target.settings()
    const backup = await backupOf(source)
    const part = { settings, backup, selection: { kind: 'schemas', schemas: ['shop'] } } as const
    await assert.rejects(loadLogical(part), (error) => {
      assert.ok(isHoldfastError(error, 'TARGET_MISMATCH'), String(error))
      assert.match(
        error.message,
        /^the target has no role boss \((?:view shop\.v|procedure shop\.p)\), and would/,
      )
      assert.match(error.hint, /CREATE ROLE `boss`;/)
      return true
    })
    assert.doesNotMatch(await target.sql('SHOW DATABASES'), /shop/)
    await target.sql('CREATE ROLE boss')
    assert.deepEqual((await loadLogical(part)).warnings, [])
    const definers = `SHOW CREATE VIEW shop.v; SHOW CREATE PROCEDURE shop.p; SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'`
    assert.equal(await target.sql(definers), await source.sql(definers))
    // The source itself has lost it: nobody can make it as it was.
    await source.sql('DROP ROLE boss')
    await using bare = await startServer(kind)
    const { warnings } = await loadLogical({ settings: bare.settings(), backup: await backupOf(source) })
    assert.match(
      warnings.join(),
      /has the role boss as its definer: where there is no such role, MariaDB makes/,
    )
  })
}

const shown = async (server: TestServer, user: string): Promise<string> =>
  `${await server.sql(`SHOW CREATE USER ${user}`)}${await server.sql(`SHOW GRANTS FOR ${user}`)}`

for (const kind of testedKinds.filter((one) => one !== 'mariadb-10.11')) {
  test(`an account that is there already gets its default role where it has none, and keeps its own (${kind})`, async () => {
    const accounts = 'CREATE ROLE reader, writer; CREATE USER app, other; GRANT SELECT ON *.* TO reader'
    const defaults = (role: string, user: string): string =>
      kind.startsWith('mysql')
        ? `; ALTER USER ${user} DEFAULT ROLE ${role}`
        : `; SET DEFAULT ROLE ${role} FOR ${user}`
    await using source = await startServer(kind, {
      sql: `${accounts}; GRANT reader TO app; GRANT reader TO other${defaults('reader', 'app')}${defaults('reader', 'other')}`,
    })
    await using target = await startServer(kind)
    const load = { settings: target.settings(), backup: await backupOf(source) }
    await loadLogical(load)
    await target.sql(`GRANT writer TO other${defaults('NONE', 'app')}${defaults('writer', 'other')}`)
    const { warnings } = await loadLogical(load)
    assert.equal(await shown(target, 'app'), await shown(source, 'app'))
    assert.match(await shown(target, 'other'), /DEFAULT ROLE `?writer/)
    assert.deepEqual(
      warnings.filter((warning) => /default role/.test(warning)),
      ['account other@% has another default role on the target than in the backup: it keeps that one'],
    )
  })
}
