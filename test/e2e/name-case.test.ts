// Servers that keep names in small letters (lower_case_table_names = 1): names are found however they are written, and mixed servers refused.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

async function newRepository(folder: string): Promise<readonly string[]> {
  const repository = path.join(folder, 'repository')
  await succeed(['init', '--repository', repository, '--no-encryption'])
  return ['--repository', repository]
}

const shop = `CREATE DATABASE Shop; CREATE TABLE Shop.Orders (id INT PRIMARY KEY);
  CREATE TABLE Shop.Items (id INT PRIMARY KEY, ord INT, FOREIGN KEY (ord) REFERENCES Shop.Orders (id));
  CREATE VIEW Shop.Few AS SELECT id FROM Shop.Orders; INSERT INTO Shop.Orders VALUES (1), (2); INSERT INTO Shop.Items VALUES (7, 1)`

eachServer('names are those that a server with small names has for them', async (kind) => {
  await using folder = await temporaryDirectory()
  await using server = await startServer(kind, { hasSmallNames: true, sql: shop })
  const words = await newRepository(folder.path)
  const backup = ['backup', server.url(), ...words, '--name', 'db1']
  await succeed([...backup, '--schemas', 'SHOP'])
  await succeed([...backup, '--tables', 'Shop.ORDERS'])
  await succeed([...backup, '--exclude', 'Shop.Items'])
  await succeed(backup)
  const restore = ['restore', 'db1', ...words, '--to', 'backup', '--target', server.url(), '--verify']
  const rows = async (schema: string) =>
    server.sql(`SELECT COUNT(*) FROM ${schema}.orders; SELECT ord FROM ${schema}.items`)

  await succeed([...restore, '--schemas', 'Shop', '--rename', 'SHOP:Branch', '--confirm', 'db1'])
  assert.equal(await rows('branch'), '2\n1\n')
  // What is there is seen before anything is changed, and can be dropped.
  const again = [...restore, '--schemas', 'Shop', '--rename', 'Shop:BRANCH']
  assertRefused(await holdfast([...again, '--confirm', 'db1']), 2, /already has .*branch/)
  await server.sql('DELETE FROM branch.items')
  await succeed([...again, '--on-existing', 'drop', '--confirm', 'branch'])
  assert.equal(await rows('branch'), '2\n1\n')
  const one = ['--tables', 'Shop.Orders', '--rename', 'Shop.Orders:Branch.Old_Orders']
  await succeed([...restore, ...one, '--confirm', 'db1'])
  assert.equal(await server.sql('SELECT COUNT(*) FROM branch.old_orders'), '2\n')
  await succeed(['verify', 'db1', ...words, '--target', server.url(), '--schemas', 'SHOP'])
})

/** What both servers have, in the order of their names. */
async function schemasOf(server: TestServer): Promise<string> {
  return server.sql(
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'shop%' ORDER BY 1",
  )
}

eachServer(
  'tables that differ by case alone do not go to a server that would make one of them',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, {
      sql: 'CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); CREATE TABLE shop.T (id INT PRIMARY KEY)',
    })
    await using target = await startServer(kind, { hasSmallNames: true })
    const words = await newRepository(folder.path)
    await succeed(['backup', source.url(), ...words, '--name', 'db1'])
    const restore = ['restore', 'db1', ...words, '--target', target.url(), '--confirm', 'db1']
    for (const more of [[], ['--schemas', 'shop', '--to', 'backup'], ['--dry-run']])
      assertRefused(await holdfast([...restore, ...more]), 23, /shop\.[tT] and shop\.[tT] would be one table/)
    assert.equal(await schemasOf(target), '')
  },
)
