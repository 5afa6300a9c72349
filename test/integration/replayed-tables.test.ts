// What of a server's log is left for some of its tables, and where it says that they cannot be replayed alone.
import assert from 'node:assert/strict'
import { decodeRows, isRowsEvent } from '../../src/binlog/rows-event.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { transactionsOfTables } from '../../src/recovery/transactions-of-tables.ts'
import { loggedTransactions } from '../support/binlog-files.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

/** Rows events for each transaction that is left, and whether the last of them ends its statement; or why there is none. */
async function left(server: TestServer, ...names: readonly string[]): Promise<readonly string[] | string> {
  const tables = names.map((name) => ({ schema: 'shop', name }))
  const found: string[] = []
  try {
    const wanted = { tables, named: ['parent'], isFolded: false }
    for await (const { transaction } of transactionsOfTables(loggedTransactions(server), wanted)) {
      let text = ''
      for await (const event of transaction.events)
        if (isRowsEvent(event)) text += decodeRows(event).endsStatement ? 'E' : '.'
      found.push(text)
    }
    return found
  } catch (error) {
    assert.ok(isHoldfastError(error, 'UNSUPPORTED'), String(error))
    return error.message
  }
}

eachServer('tables are replayed alone as long as rows are all that changes them', async (kind) => {
  await using server = await startServer(kind, {
    sql: `CREATE DATABASE shop; CREATE DATABASE other; CREATE TABLE shop.a (id INT PRIMARY KEY, n INT); CREATE TABLE shop.b LIKE shop.a;
      CREATE TABLE shop.parent LIKE shop.a; CREATE TABLE other.z LIKE shop.a;
      CREATE TRIGGER shop.on_b AFTER INSERT ON shop.b FOR EACH ROW SET @done = 1`,
  })
  const forget = server.flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER'
  // What follows is looked at; what made the tables is not.
  await server.sql(forget)
  await server.sql(`
    INSERT INTO shop.a VALUES (1, 1), (2, 2); INSERT INTO other.z VALUES (1, 1); INSERT INTO shop.b VALUES (1, 1), (2, 2);
    BEGIN; INSERT INTO shop.a VALUES (3, 3); SAVEPOINT s; INSERT INTO shop.b VALUES (3, 3); DELETE FROM shop.a WHERE id = 3; COMMIT;
    UPDATE shop.a JOIN shop.b USING (id) SET a.n = 7, b.n = 8;
    CREATE TABLE other.t SELECT * FROM other.z; ALTER TABLE other.z ADD KEY (n); CREATE USER someone; GRANT SELECT ON shop.a TO someone; ANALYZE TABLE shop.a, shop.b;
    CREATE TABLE shop.c (id INT PRIMARY KEY)`)
  assert.deepEqual(await left(server, 'a'), ['E', 'EE', 'E'])
  assert.deepEqual(await left(server, 'b'), ['E', 'E', 'E'])
  assert.deepEqual(await left(server, 'a', 'b'), ['E', 'E', 'EEE', '.E'])
  assert.match(String(await left(server, 'c')), /CREATE TABLE shop\.c/)
  assert.deepEqual(await left(server, 'd'), [])
  for (const [statement, why, tables = ['d']] of [
    ['ALTER TABLE shop.b ADD COLUMN more INT', /ALTER TABLE shop\.b/, ['b']],
    ['USE shop; RENAME TABLE c TO e', /RENAME TABLE c TO e/, ['e']],
    ['RENAME TABLE shop.parent TO shop.renamed', /RENAME TABLE shop\.parent/, ['a']],
    ['CREATE DATABASE IF NOT EXISTS shop', /DATABASE IF NOT EXISTS shop/, ['a']],
    ['DROP TRIGGER shop.on_b', /DROP TRIGGER/],
  ] as const) {
    await server.sql(statement)
    assert.match(String(await left(server, ...tables)), why, statement)
    // Each is looked at alone.
    await server.sql(forget)
  }
  for (const statement of [
    "SET SESSION binlog_format = 'STATEMENT'; INSERT INTO other.z VALUES (9, 9)",
    "SET SESSION binlog_format = 'STATEMENT'; INSERT INTO other.t SET id = RAND() * 1000000",
    "XA START 'x'; INSERT INTO other.z VALUES (10, 10); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'",
  ]) {
    await server.sql(statement)
    assert.match(String(await left(server, 'd')), /what is logged may change more/, statement)
    await server.sql(forget)
  }
})
