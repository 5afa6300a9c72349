// Files of a MariaDB of an instant within the change of a definition: its recovery logs what their log has not, so they are no snapshot.
import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBinlogEnd } from '../../src/physical/cold/binlog-end.ts'
import { hasUnfinishedDefinition } from '../../src/physical/snapshot/unfinished-definition.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`files whose recovery would log something by itself are known (${kind})`, async () => {
    await using server = await startServer(kind)
    await using copy = await temporaryDirectory()
    await server.sql(
      'CREATE DATABASE d; CREATE TABLE d.t (id INT); ALTER TABLE d.t ADD note INT; DROP TABLE d.t',
    )
    // What is over stays in the log, marked.
    assert.equal(await hasUnfinishedDefinition(server.dataDir, new Set()), false)
    // In every fourth round or so.
    for (let round = 0, found = 0; found < 1; round += 1) {
      assert.ok(round < 200, 'it hardly ever dies within the change of a definition')
      await killWithinDefinitions(server, round)
      const { said, definitions } = await endOfLog(server.dataDir)
      await cp(path.join(server.dataDir, 'ddl_recovery.log'), path.join(copy.path, 'ddl_recovery.log'))
      await server.restart()
      const recovered = (await server.sql('SELECT @@GLOBAL.gtid_binlog_pos')).trim()
      assert.equal(await hasUnfinishedDefinition(server.dataDir, new Set()), false)
      if (recovered === said) continue
      found += 1
      assert.equal(await hasUnfinishedDefinition(copy.path, definitions), true, `${said} became ${recovered}`)
    }
  })
}

async function killWithinDefinitions(server: TestServer, round: number): Promise<void> {
  const tables = Array.from({ length: 5000 }, (_, table) => `d.t_${round}_${table}`)
  const statements = tables.map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY); DROP TABLE ${name};`)
  const changing = server.sql(statements.join('')).catch(() => 'killed')
  await sleep(50 + Math.random() * 100)
  await server.kill9()
  assert.equal(await changing, 'killed')
}

async function endOfLog(directory: string) {
  const files = (await readdir(directory)).filter((name) => /^binlog\.\d+$/.test(name)).toSorted()
  const { point, definitions } = await readBinlogEnd(path.join(directory, files.at(-1) ?? ''))
  return { said: point.gtid?.text, definitions }
}
