// The corpus of each kind of server goes to the others: everything of it comes over, or is in the report.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { BackupSource } from '../../src/core/backup.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { backupOf, cellDifferences, type Moved, moveTo, objectsOf } from '../support/between-vendors.ts'
import { loadCorpus } from '../support/corpus.ts'
import { type ServerKind, startServer, type TestServer, testedKinds } from '../support/servers.ts'

const sources = new Map<ServerKind, Promise<{ readonly server: TestServer; readonly backup: BackupSource }>>()

/** One of each kind for all tests. */
function sourceOf(kind: ServerKind) {
  const found = sources.get(kind) ?? begin(kind)
  sources.set(kind, found)
  return found
}

async function begin(kind: ServerKind) {
  const server = await startServer(kind)
  await loadCorpus(server)
  // No other server has a value beyond 2038; that is another test.
  if (kind === 'mariadb-11.8') await server.sql('UPDATE corpus.newer_types SET far = NULL')
  return { server, backup: await backupOf(server) }
}

after(async () => {
  for (const source of sources.values()) await (await source).server[Symbol.asyncDispose]()
})

const pairs: readonly (readonly [from: ServerKind, to: ServerKind])[] = [
  ['mysql-9.7', 'mariadb-10.11'],
  ['mysql-9.7', 'mariadb-11.8'],
  ['mariadb-10.11', 'mysql-9.7'],
  ['mariadb-11.8', 'mysql-9.7'],
  ['mariadb-11.8', 'mariadb-10.11'],
]

for (const [from, to] of pairs.filter((pair) => pair.every((kind) => testedKinds.includes(kind)))) {
  test(`the corpus comes over or is told of (${from} to ${to})`, async () => {
    const { server: source, backup } = await sourceOf(from)
    await using target = await startServer(to)
    const moved = await moveTo(target, backup)
    const [before, there] = await Promise.all([objectsOf(source), objectsOf(target)])
    const untold = [...before].filter((object) => !there.has(object) && !isTold(object, there, moved))
    assert.deepEqual(untold, [], 'these are gone, and nobody was told')
    assert.deepEqual(moved.verified.differences, [])
    const proxies =
      'SELECT User, Host FROM mysql.proxies_priv GROUP BY User, Host, Proxied_user HAVING COUNT(*) > 1'
    assert.equal(
      await target.sql(proxies),
      '',
      'granted again because another version quotes it in another way',
    )
    assert.deepEqual(await cellDifferences(source, target), await expectedDifferences(source, target))
  })
}

/** In the report or the warnings, by its own name or among what is told of its table. */
function isTold(object: string, there: ReadonlySet<string>, { report, warnings }: Moved): boolean {
  const [owner = '', part = ''] = object.split(/: (?=column |key |check |foreign key )/)
  if (part === '') return [...report, ...warnings].some((line) => line.includes(owner))
  // MySQL gives a check of a column a name of its own.
  const table = owner.slice(owner.lastIndexOf('.') + 1)
  if (part.startsWith('check ') && there.has(`${owner}: check ${table}_chk_1`)) return true
  const name = part.replace(/^(?:column|key|check|foreign key) /, '')
  return report.some(
    (line) =>
      line.includes(`${owner}: `) && line.split(/[^\w$]+/).includes(name === 'PRIMARY' ? 'primary' : name),
  )
}

/** Not the same to the last byte, and why. */
async function expectedDifferences(source: TestServer, target: TestServer): Promise<readonly string[]> {
  const { kind: from } = source
  const { kind: to } = target
  const different: string[] = []
  // Whoever does not know -0 reads it as 0: MariaDB 10.11, and 11.8 from 11.8.9 on.
  if ((await knowsNegativeZero(source)) && !(await knowsNegativeZero(target)))
    different.push('corpus.floats: f, d')
  // MySQL writes JSON in its own order and spacing.
  if (to === 'mysql-9.7') different.push('corpus.jsons: j')
  if (from === 'mariadb-11.8' && to === 'mariadb-10.11') {
    // Transactions of this server, and the end of time of this version.
    different.push('corpus.versioned_by_transaction: s', 'corpus.versioned_named: e')
  }
  return different
}

const versioned = `
  CREATE DATABASE v; CREATE TABLE v.t (id INT PRIMARY KEY, n INT) WITH SYSTEM VERSIONING;
  INSERT INTO v.t VALUES (1, 1), (2, 2), (3, 3); UPDATE v.t SET n = 9 WHERE id = 1; DELETE FROM v.t WHERE id = 3`

for (const [from, to] of [
  ['mariadb-10.11', 'mariadb-11.8'],
  ['mariadb-11.8', 'mariadb-10.11'],
] as const) {
  if (![from, to].every((kind) => testedKinds.includes(kind))) continue
  test(`rows of a versioned table that hold go on to hold (${from} to ${to})`, async () => {
    await using source = await startServer(from, { sql: versioned })
    await using target = await startServer(to)
    const backup = await backupOf(source)
    if (to === 'mariadb-11.8') {
      // A newer version needs no translation.
      await loadLogical({ settings: target.settings(), backup })
      const { differences } = await verifyTarget({ settings: target.settings(), backup })
      assert.deepEqual(differences, [])
    } else assert.deepEqual((await moveTo(target, backup)).verified.differences, [])
    for (const sql of [
      'SELECT * FROM v.t ORDER BY id',
      'SELECT id, n, row_start FROM v.t FOR SYSTEM_TIME ALL ORDER BY 1, 3',
    ]) {
      assert.equal(await target.sql(sql), await source.sql(sql))
    }
  })
}

const calling = `
  CREATE DATABASE c; CREATE TABLE c.t (id INT PRIMARY KEY, u BINARY(16) DEFAULT (UUID_TO_BIN(UUID())), v INT, j JSON,
    CONSTRAINT kept CHECK (v > 0), CONSTRAINT schem CHECK (JSON_SCHEMA_VALID('{"type":"object"}', j)));
  INSERT INTO c.t VALUES (1, 0x00, 5, '{}');
  CREATE VIEW c.a AS SELECT JSON_PRETTY('{}') AS x, BIN_TO_UUID(0x00) AS y; CREATE VIEW c.b AS SELECT x FROM c.a; CREATE VIEW c.d AS SELECT id FROM c.t`

if (['mysql-9.7', 'mariadb-10.11'].every((kind) => testedKinds.some((tested) => tested === kind))) {
  test('a table comes without the defaults and checks that call what the target has not, and views say why they do not', async () => {
    await using source = await startServer('mysql-9.7', { sql: calling })
    await using target = await startServer('mariadb-10.11')
    const { report, verified } = await moveTo(target, await backupOf(source))
    const told = report.filter((line) => / c\.[abt]: /.test(line) && !line.includes('JSON is text'))
    assert.match(told[0] ?? '', /^dropped table c\.t: column u: its default: uuid_to_bin is not known there$/)
    assert.match(told[1] ?? '', /^dropped table c\.t: check schem: json_schema_valid is not known there$/)
    assert.match(told[2] ?? '', /^dropped view c\.a: .*(?:json_pretty|bin_to_uuid) does not exist/i)
    assert.match(told[3] ?? '', /^dropped view c\.b: Table 'c\.a' doesn't exist/)
    assert.equal(told.length, 4, told.join('\n'))
    assert.deepEqual(verified.differences, [])
    assert.match(await target.sql('SHOW CREATE TABLE c.t'), /CONSTRAINT `kept` CHECK/)
    assert.equal(await target.sql('SELECT id FROM c.d'), '1\n')
  })
}

async function knowsNegativeZero(server: TestServer): Promise<boolean> {
  return (await server.sql('SELECT CONCAT(-0e0)')).trim() === '-0'
}
