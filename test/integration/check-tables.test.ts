// Tables that a recovered server cannot open for want of an engine: that tells of the server, not of the backup.
import assert from 'node:assert/strict'
import { isHoldfastError } from '../../src/core/errors.ts'
import { checkTables } from '../../src/physical/recover/check-tables.ts'
import { eachServer, startServer } from '../support/servers.ts'

eachServer('a table whose engine is not there is no damage', async (kind) => {
  await using server = await startServer(kind)
  const isMysql = server.flavour === 'mysql'
  if (!isMysql) await server.sql("INSTALL SONAME 'ha_archive'")
  await server.sql('CREATE DATABASE d; CREATE TABLE d.a (i INT) ENGINE=ARCHIVE; INSERT INTO d.a VALUES (1)')
  const check = () =>
    checkTables(server.settings(), { emit: () => undefined, signal: AbortSignal.timeout(120_000) })
  assert.deepEqual((await check()).problems, [])
  // A plugin is not loaded any more from the next start on.
  if (!isMysql) await server.sql('DELETE FROM mysql.plugin')
  await server.stop()
  await server.restart(isMysql ? { args: ['--archive=OFF'] } : {})
  await assert.rejects(check(), (error) => {
    assert.ok(isHoldfastError(error, 'HOST_TROUBLE'), JSON.stringify(error))
    assert.match(error.message, /d\.a wants the engine ARCHIVE, which the server that recovers has not/)
    assert.match(error.hint, /--server-options FILE/)
    return true
  })
})
