// Trap 14: tables whose rows lie elsewhere are carried as what they are, definitions; also while the other place is away.
import assert from 'node:assert/strict'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, type ServerKind, startServer, type TestServer } from '../support/servers.ts'

// CONNECT, SPIDER, OQGRAPH and S3 are in packages of their own.
function withEngines(kind: ServerKind): Promise<TestServer> {
  const plugins = ['--plugin-load-add=ha_federatedx', '--plugin-load-add=ha_sphinx']
  return startServer(kind, { args: kind.startsWith('mysql') ? ['--federated'] : plugins })
}

async function tablesOf(source: TestServer, far: TestServer): Promise<void> {
  await source.sql(
    `CREATE DATABASE d; USE d; CREATE TABLE near (id INT PRIMARY KEY); INSERT INTO near VALUES (5);
     CREATE TABLE f (id INT PRIMARY KEY) ENGINE = FEDERATED CONNECTION = 'mysql://root@127.0.0.1:${far.port}/d/f'`,
  )
  if (source.flavour === 'mysql') return
  await source.sql(
    `CREATE TABLE d.s (id BIGINT UNSIGNED NOT NULL, weight INT NOT NULL, query VARCHAR(300) NOT NULL, INDEX (query))
     ENGINE = SPHINX CONNECTION = 'sphinx://127.0.0.1:1/x'`,
  )
}

const far = { sql: 'CREATE DATABASE d; CREATE TABLE d.f (id INT PRIMARY KEY); INSERT INTO d.f VALUES (1)' }

eachServer('trap 14: a table whose rows lie on another server is carried as its definition', async (kind) => {
  await using elsewhere = await startServer(kind, far)
  await using source = await withEngines(kind)
  await using target = await withEngines(kind)
  await tablesOf(source, elsewhere)
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  assert.deepEqual(
    result.objects.map(({ name }) => name),
    ['d/near'],
  )
  await loadLogical({ settings: target.settings(), backup: memory.source(result) })
  const tables = source.flavour === 'mysql' ? ['f', 'near'] : ['f', 'near', 's']
  assert.equal(await target.sql('SHOW TABLES FROM d'), tables.map((name) => `${name}\n`).join(''))
  for (const table of tables) {
    assert.equal(
      await target.sql(`SHOW CREATE TABLE d.${table}`),
      await source.sql(`SHOW CREATE TABLE d.${table}`),
    )
  }
  // The rows were neither copied nor written a second time.
  await elsewhere.sql('INSERT INTO d.f VALUES (2)')
  assert.equal(await target.sql('SELECT id FROM d.f ORDER BY id'), '1\n2\n')
})

eachServer(
  'trap 14: a table whose server is away does not keep the others from being backed up',
  async (kind) => {
    await using source = await withEngines(kind)
    const elsewhere = await startServer(kind, far)
    await tablesOf(source, elsewhere)
    await elsewhere[Symbol.asyncDispose]()
    await source.sql('FLUSH TABLES')
    const memory = new MemoryBackup()
    const result = await dumpLogical({ settings: source.settings(), sink: memory })
    assert.equal(memory.text(result, 'd/near'), '5\n')
    assert.match(JSON.stringify(result.content), /mysql:\/\/root@127\.0\.0\.1:/)
  },
)
