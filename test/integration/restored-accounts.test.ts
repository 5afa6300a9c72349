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
