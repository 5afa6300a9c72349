// Dumps of other programs come into the repository and back out of it as they would have loaded themselves.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { loadCorpus } from '../support/corpus.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

const run = promisify(execFile)

/** The server's own dump program, into a file. */
async function dumpTo(file: string, { programs }: TestServer, args: readonly string[]): Promise<void> {
  const [program, ...login] = programs.dump
  const child = spawn(program, [...login, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  const [[code]] = await Promise.all([once(child, 'close'), pipeline(child.stdout, createWriteStream(file))])
  assert.equal(code, 0, errors)
}

async function fillSource(server: TestServer): Promise<void> {
  await loadCorpus(server)
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 200 })
  // No dump program dumps a view that is broken.
  await server.sql('DROP VIEW corpus.broken')
  // A dump is dated to the second, and its events as made then: one that is older shows the difference.
  await server.sql('DO SLEEP(1.1)')
}

async function newRepository(folder: string): Promise<readonly string[]> {
  const words = ['--repository', path.join(folder, 'repository')]
  const key = path.join(folder, 'recovery.key')
  await succeed(['init', ...words, '--identity-out', key])
  return [...words, '--identity', key]
}

/** The words about a repository that never read what is encrypted. */
function writing(words: readonly string[]): readonly string[] {
  return words.slice(0, 2)
}

interface Imported {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly backup: {
    readonly id: string
    readonly isPartial: boolean
    readonly warnings: readonly string[]
    readonly point: {
      readonly position?: { readonly file: string; readonly offset: number }
      readonly gtid?: { readonly text: string }
    }
  }
}

async function importDump(words: readonly string[], ...more: readonly string[]): Promise<Imported> {
  const told = await holdfast(['import', ...writing(words), '--name', 'db1', '--json', ...more])
  assert.ok(told.exit === 0 || told.exit === 3, told.output)
  const answer: Imported & { type: string } = JSON.parse(told.stdout.trim().split('\n').at(-1) ?? '')
  return answer
}

/** Loads the newest backup of db1 into a new server and compares that with the source. */
async function differencesAfter(words: readonly string[], source: TestServer): Promise<readonly string[]> {
  const verified = await succeed(['verify', 'db1', ...words, '--read-data'])
  assert.match(verified.stdout, / is intact: 1 backup, /)
  await using target = await startServer(source.kind, { args: ['--local-infile=1'] })
  await restoreInto(target, words, await newest(words))
  const differences = await differencesBetween(source, target)
  return differences.map((text) => text.slice(0, text.indexOf(':')))
}

async function newest(words: readonly string[]): Promise<string> {
  const { stdout } = await succeed(['list', 'db1', ...words, '--json'])
  const listed: { sources: { backups: { id: string }[] }[] } = JSON.parse(stdout)
  const ids = listed.sources.flatMap(({ backups }) => backups.map(({ id }) => id)).toSorted()
  return ids.at(-1) ?? ''
}

/** What no dump program writes: digits of FLOAT, the error value beside an empty member, when an event was made. */
const lostInEveryDump = [
  'checksum of corpus.enum_error_or_empty',
  'checksum of corpus.floats',
  'events of corpus',
  'events of shop',
]
/** Bytes that have no character, or share one with others: text goes through utf8mb4. */
const lostAsText = [
  'bytes of corpus.charsets',
  'bytes of corpus.every_character_byte',
  'checksum of corpus.charsets',
  'checksum of corpus.every_character_byte',
]
const lostOnMysql = ['bytes of corpus.json_typed', 'checksum of corpus.json_typed']
/** A sequence's round, and rows of the past. */
const lostOnMariadb = [
  'bytes of corpus.versioned_by_transaction',
  'checksum of corpus.cycled',
  'checksum of corpus.versioned_by_transaction',
  'checksum of shop.customers',
  'history of corpus.versioned_by_transaction',
  'state of corpus.cycled',
]
const lostHistory = [
  'checksum of corpus.versioned',
  'checksum of corpus.versioned_named',
  'history of corpus.versioned',
  'history of corpus.versioned_named',
]

function lossesOf(server: TestServer, ...more: readonly (readonly string[])[]): readonly string[] {
  return [
    ...lostInEveryDump,
    ...(server.flavour === 'mysql' ? lostOnMysql : lostOnMariadb),
    ...more.flat(),
  ].toSorted()
}

/** Without accounts, and without MariaDB's checksums of a stored generated column, which differ for equal rows. */
function withoutAccounts(differences: readonly string[]): readonly string[] {
  return differences
    .filter((name) => !/^(?:accounts|account .*|grants of .*|checksum of shop\.order_items)$/.test(name))
    .toSorted()
}

const positionArgument = { mysql: '--source-data=2', mariadb: '--master-data=2' } as const

eachServer('a dump of everything comes back as it was, but for what it has lost itself', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await fillSource(source)
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'all.sql')
  const everything = ['--all-databases', '--routines', '--events', '--single-transaction']
  await dumpTo(file, source, [
    ...everything,
    positionArgument[source.flavour],
    ...(source.flavour === 'mariadb' ? ['--gtid'] : []),
  ])
  const imported = await importDump(words, file)
  assert.equal(imported.backup.isPartial, false)
  assert.equal(imported.backup.point.position?.file, 'binlog.000001')
  assert.ok((imported.backup.point.position?.offset ?? 0) > 10_000)
  assert.match(
    imported.backup.point.gtid?.text ?? '',
    source.flavour === 'mysql' ? /^[0-9a-f-]{36}:1-\d+$/ : /^0-\d+-\d+$/,
  )
  const warnings = imported.backup.warnings.join('\n')
  assert.match(warnings, /six digits of a FLOAT.*: corpus\.floats, shop\.customers/)
  assert.match(warnings, /accounts and grants, are not part of the backup: mysql/)
  const counted = await countRows(source)
  assert.equal(imported.tables, counted.tables)
  assert.equal(imported.rows, counted.rows)
  const differences = await differencesAfter(words, source)
  const history = source.flavour === 'mariadb' ? lostHistory : []
  assert.deepEqual(withoutAccounts(differences), lossesOf(source, lostAsText, history))
})

async function countRows(server: TestServer): Promise<{ tables: number; rows: number }> {
  const tables = (
    await server.sql(
      `SELECT CONCAT('\`', REPLACE(TABLE_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`') FROM information_schema.TABLES
       WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
       AND TABLE_NAME NOT LIKE '%newline%'`,
    )
  )
    .trim()
    .split('\n')
  const counts = await server.sql(tables.map((table) => `SELECT COUNT(*) FROM ${table};`).join('\n'))
  const rows = counts
    .trim()
    .split('\n')
    .reduce((sum, count) => sum + Number(count), 0)
  // The table with a line feed in its name, which this cannot ask for, has one row.
  return { tables: tables.length + 1, rows: rows + 1 }
}

async function fillSmallShop(server: TestServer): Promise<void> {
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 200 })
}

eachServer('a compressed dump of one schema comes back, under its own name or another', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await fillSmallShop(source)
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'shop.sql')
  // Bytes in hex, and without --databases: the dump names its schema in a comment only.
  await dumpTo(file, source, [
    '--hex-blob',
    '--routines',
    '--events',
    '--single-transaction',
    '--complete-insert',
    'shop',
  ])
  const sql = await readFile(file)
  const gzip = path.join(folder.path, 'first')
  const zstd = path.join(folder.path, 'second')
  // Two parts one after the other, as programs that compress in parallel write them.
  await writeFile(gzip, Buffer.concat([gzipSync(sql.subarray(0, 5000)), gzipSync(sql.subarray(5000))]))
  await writeFile(
    zstd,
    Buffer.concat([zstdCompressSync(sql.subarray(0, 5000)), zstdCompressSync(sql.subarray(5000))]),
  )
  const renamed = await importDump(words, gzip, '--schema', 'branch')
  const own = await importDump(words, zstd)
  assert.deepEqual([renamed.rows, renamed.tables], [own.rows, own.tables])
  assert.equal(own.backup.isPartial, true)
  assert.match(own.backup.warnings.join(), /does not say the character set of schema shop/)

  for (const [name, { backup }] of [
    ['branch', renamed],
    ['shop', own],
  ] as const) {
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    await restoreInto(target, words, backup.id)
    const rows = `CHECKSUM TABLE %.categories, %.payments EXTENDED; SELECT COUNT(*), MAX(id) FROM %.orders; SELECT id, HEX(place) FROM %.addresses`
    const expected = (await source.sql(rows.replaceAll('%', 'shop'))).replaceAll('shop.', `${name}.`)
    assert.equal(await target.sql(rows.replaceAll('%', name)), expected)
  }
})

async function restoreInto(
  target: TestServer,
  words: readonly string[],
  id: string,
  ...more: readonly string[]
): Promise<void> {
  const point = ['--backup', id, '--to', 'backup', '--verify']
  const told = await holdfast([
    'restore',
    'db1',
    ...words,
    ...point,
    '--target',
    target.url(),
    '--confirm',
    'db1',
    ...more,
  ])
  assert.ok(told.exit === 0 || told.exit === 3, told.output)
}

eachServer('a dump in ANSI mode, and code of another collation than its schema, come back', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await source.sql(`CREATE DATABASE d COLLATE latin1_german2_ci; USE d;
    CREATE TABLE \`odd"one\` (id INT PRIMARY KEY, v VARCHAR(20) DEFAULT 'a\\\\b"', c VARCHAR(30) AS (CONCAT(v, '"')) STORED COMMENT 'it''s "c"', KEY \`k"\` (v));
    INSERT INTO \`odd"one\` (id, v) VALUES (1, 'x'), (2, 'y"\\\\');
    CREATE VIEW v AS SELECT CONCAT(v, '"') AS w FROM \`odd"one\`;
    CREATE FUNCTION f(p VARCHAR(9)) RETURNS VARCHAR(90) DETERMINISTIC RETURN CONCAT(COLLATION(p), '"');
    ALTER DATABASE d COLLATE latin1_swedish_ci;
    CREATE FUNCTION g(p VARCHAR(9)) RETURNS VARCHAR(90) DETERMINISTIC RETURN COLLATION(p)`)
  const words = await newRepository(folder.path)
  const asked =
    "SELECT * FROM `odd\"one`; SELECT * FROM v; SELECT f('x'), g('x'), COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_COMMENT <> ''"
  for (const [name, args] of [
    ['one.sql', ['d']],
    ['ansi.sql', ['--compatible=ansi', 'd']],
    ['all.sql', ['--compatible=ansi', '--databases', 'd']],
  ] as const) {
    const file = path.join(folder.path, name)
    await dumpTo(file, source, ['--routines', ...args])
    const schema = name === 'all.sql' ? 'd' : 'branch'
    const { backup } = await importDump(words, file, ...(schema === 'd' ? [] : ['--schema', schema]))
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    await restoreInto(target, words, backup.id)
    assert.equal(await target.sql(`USE ${schema}; ${asked}`), await source.sql(`USE d; ${asked}`), name)
  }
})

/** FLOAT, and what --tab does not write into its files: the schema's character set too, which triggers keep. */
const lostByTab =
  /^(?:schema shop|relations of shop|routines of shop|triggers of shop|parameters of shop|events of shop|checksum of shop\.customers|definition of SEQUENCE .*|.* of shop\.invoice_numbers)$/

/** --tab and --dir: the server writes the rows. */
async function dumpFolder(folder: string, server: TestServer, args: readonly string[]): Promise<void> {
  await mkdir(folder)
  await chmod(folder, 0o777)
  const [program, ...login] = server.programs.dump
  await run(program, [...login, '--single-transaction', ...args])
}

eachServer('a folder of --tab comes back', async (kind) => {
  await using folder = await temporaryDirectory()
  await chmod(folder.path, 0o755)
  await using source = await startServer(kind, { args: ['--secure-file-priv='] })
  await fillSmallShop(source)
  await source.sql(`CREATE TABLE shop.bits (id INT PRIMARY KEY, b1 BIT(1), b24 BIT(24), b64 BIT(64));
    INSERT INTO shop.bits VALUES (1, 1, 0x090A5C, 0x090A5C00090A5C00), (2, NULL, NULL, NULL), (3, 0, 0x5C4E41, 0x5C4E5C4E5C4E5C4E)`)
  const words = await newRepository(folder.path)
  const tab = path.join(folder.path, 'tab')
  await dumpFolder(tab, source, ['--tab', tab, 'shop'])
  const { backup } = await importDump(words, tab)
  await using target = await startServer(kind, { args: ['--local-infile=1'] })
  await restoreInto(target, words, backup.id)
  const differences = (await differencesBetween(source, target)).map((text) =>
    text.slice(0, text.indexOf(':')),
  )
  assert.deepEqual(
    withoutAccounts(differences).filter((name) => !lostByTab.test(name)),
    [],
  )
})

eachServer(
  'a folder of --tab in utf8mb4 is not told from one that is not, unless by its bytes',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await chmod(folder.path, 0o755)
    await using source = await startServer(kind, { args: ['--secure-file-priv='] })
    // Of the first column, what was UTF-8 before it got there, and what was not.
    await source.sql(`CREATE DATABASE clear; CREATE DATABASE unclear; CREATE DATABASE kana;
    CREATE TABLE unclear.t (id INT PRIMARY KEY, l VARCHAR(9) CHARACTER SET latin1, g VARCHAR(9) CHARACTER SET greek, e ENUM('ä', 'b') CHARACTER SET latin1);
    INSERT INTO unclear.t VALUES (1, 'Ã©', NULL, 'b'), (2, NULL, 'x', NULL); CREATE TABLE clear.t AS SELECT * FROM unclear.t;
    INSERT INTO unclear.t VALUES (3, 'é', 'α', 'ä'); INSERT INTO clear.t VALUES (3, 'é', 'α', 'ä');
    CREATE TABLE kana.t (id INT PRIMARY KEY, l VARCHAR(9) CHARACTER SET sjis); INSERT INTO kana.t VALUES (1, 'ソ表')`)
    const words = await newRepository(folder.path)
    const dumped = async (schema: string, ...args: readonly string[]): Promise<string> => {
      const tab = path.join(folder.path, schema)
      await dumpFolder(tab, source, ['--tab', tab, ...args, schema])
      return tab
    }
    const inUtf8mb4 = '--default-character-set=utf8mb4'
    const unclear = await dumped('unclear', inUtf8mb4)
    const kana = await dumped('kana', inUtf8mb4)
    for (const [place, sentence] of [
      [
        unclear,
        /text of column l of unclear\.t may be in latin1 or in utf8mb4.*\n.*--character-set utf8mb4 where/,
      ],
      [kana, /column l of kana\.t is in sjis.*\n.*--character-set utf8mb4 where/],
    ] as const) {
      assertRefused(await holdfast(['import', place, ...writing(words), '--name', 'db1']), 1, sentence)
    }
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    const said = ['--character-set', 'utf8mb4']
    for (const [place, schema, ...more] of [
      [await dumped('clear'), 'clear'],
      [unclear, 'unclear', ...said],
      [kana, 'kana', ...said],
    ] as const) {
      const { backup } = await importDump(words, place, ...more)
      await restoreInto(target, words, backup.id, '--schemas', schema)
      const rows = `SELECT id, HEX(l)${schema === 'kana' ? '' : ', HEX(g), e + 0'} FROM ${schema}.t`
      assert.equal(await target.sql(rows), await source.sql(rows))
    }
  },
)

eachServer('a dump that is cut off, or says what is not known, leaves nothing', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await source.sql(
    'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO d.t VALUES (1, "a"), (2, "b")',
  )
  const words = await newRepository(folder.path)
  const whole = path.join(folder.path, 'whole.sql')
  await dumpTo(whole, source, ['--databases', 'd'])
  const sql = await readFile(whole)
  const refuse = async (name: string, bytes: Buffer, exit: number, sentence: RegExp) => {
    const file = path.join(folder.path, name)
    await writeFile(file, bytes)
    assertRefused(await holdfast(['import', file, ...writing(words), '--name', 'db1']), exit, sentence)
    await unlink(file)
  }
  const end = sql.indexOf('-- Dump completed')
  await refuse('a.sql', sql.subarray(0, end), 1, /a\.sql does not end with "-- Dump completed"/)
  await refuse('b.sql', sql.subarray(0, sql.indexOf("'b'") + 1), 1, /b\.sql ends within the statement/)
  await refuse('c.gz', gzipSync(sql).subarray(0, 300), 1, /c\.gz is cut off or damaged/)
  await refuse('d.zst', zstdCompressSync(sql).subarray(0, 300), 1, /d\.zst is cut off or damaged/)
  const unknown = Buffer.concat([
    sql.subarray(0, end),
    Buffer.from('RENAME TABLE a TO b;\n'),
    sql.subarray(end),
  ])
  await refuse(
    'e.sql',
    unknown,
    1,
    /e\.sql, line \d+: this statement is not known, and is not skipped: RENAME TABLE a TO b/,
  )
  await refuse('f.sql', Buffer.from('PK\x03\x04'), 1, /f\.sql/)
  assertRefused(
    await holdfast(['import', path.join(folder.path, 'none'), ...writing(words), '--name', 'db1']),
    2,
    /there is no dump at/,
  )
  const empty = path.join(folder.path, 'empty')
  await mkdir(empty)
  assertRefused(
    await holdfast(['import', empty, ...writing(words), '--name', 'db1']),
    2,
    /holds no dump that is known/,
  )
  assertRefused(await holdfast(['import', whole, ...writing(words)]), 2, /--name/)
  const { stdout } = await succeed(['list', 'db1', ...words, '--json'])
  assert.doesNotMatch(stdout, /logical-/)
})

eachServer('accounts in a dump are left out, and names that it does not quote refused', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind, {
    sql: `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20)); INSERT INTO d.t (v) VALUES ('a"b');
      CREATE USER clerk IDENTIFIED BY 'x'; CREATE ROLE selling; GRANT selling TO clerk; GRANT SELECT ON d.* TO selling`,
  })
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'dump.sql')
  const warningsOf = async (...args: readonly string[]) => {
    await dumpTo(file, source, args)
    const { backup, rows } = await importDump(words, file)
    assert.equal(rows, 1)
    return backup.warnings.join('\n')
  }
  const withAccounts =
    source.flavour === 'mysql' ? ['--all-databases', '--users'] : ['--databases', 'd', '--system=users']
  assert.match(await warningsOf(...withAccounts), /accounts, grants .* are not part of the backup \(\d+ sta/)
  assert.match(
    await warningsOf('--databases', 'd', '--compatible=ansi'),
    /--compatible: definitions may lack .* AUTO_INCREMENT \(of 1 table\)/,
  )
  await dumpTo(file, source, ['--databases', 'd', '--quote-names=0'])
  assertRefused(
    await holdfast(['import', file, ...writing(words), '--name', 'db2']),
    1,
    /line \d+: the definition of d\.t has names without quotes: dump again without --quote-names=0/,
  )
})

eachServer('binary logs are replayed behind a dump that knows its place in them', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await fillSmallShop(source)
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'all.sql')
  await dumpTo(file, source, [
    '--all-databases',
    '--routines',
    '--events',
    '--single-transaction',
    positionArgument[source.flavour],
    ...(source.flavour === 'mariadb' ? ['--gtid'] : []),
  ])
  await importDump(words, file)
  await source.sql(
    'UPDATE shop.products SET stock = stock + 7 WHERE id % 3 = 0; DELETE FROM shop.addresses WHERE id % 2 = 0',
  )
  const spool = path.join(folder.path, 'spool')
  await succeed([
    'stream',
    source.url(),
    ...writing(words),
    '--name',
    'db1',
    '--spool',
    spool,
    '--until-caught-up',
  ])
  await using target = await startServer(kind, { args: ['--local-infile=1'] })
  const told = await holdfast([
    'restore',
    'db1',
    ...words,
    '--to',
    'latest',
    '--target',
    target.url(),
    '--confirm',
    'db1',
  ])
  assert.ok(told.exit === 0 || told.exit === 3, told.output)
  const rows = 'SELECT SUM(stock) FROM shop.products; SELECT COUNT(*), MAX(id) FROM shop.addresses'
  assert.equal(await target.sql(rows), await source.sql(rows))
})

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`rows of the past come back from a dump that has them (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await source.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(10)) WITH SYSTEM VERSIONING;
      INSERT INTO d.t VALUES (1, 'a'), (2, 'b'); UPDATE d.t SET v = 'c' WHERE id = 1; DELETE FROM d.t WHERE id = 2;
      CREATE SEQUENCE d.s START WITH 5 INCREMENT BY 3; SELECT NEXTVAL(d.s)`)
    const words = await newRepository(folder.path)
    const file = path.join(folder.path, 'd.sql')
    await dumpTo(file, source, ['--databases', 'd', '--dump-history'])
    const { backup, rows } = await importDump(words, file)
    assert.equal(rows, 3)
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    await restoreInto(target, words, backup.id)
    const history =
      'SELECT *, row_start, row_end FROM d.t FOR SYSTEM_TIME ALL ORDER BY 1, 3; SELECT * FROM d.s'
    assert.equal(await target.sql(history), await source.sql(history))
  })
}

// --dir came with MariaDB 11.5.
for (const kind of testedKinds.filter((name) => name === 'mariadb-11.8')) {
  test(`a folder of --dir brings back every schema in it (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await chmod(folder.path, 0o755)
    await using source = await startServer(kind, { args: ['--secure-file-priv='] })
    await source.sql(`CREATE DATABASE a; CREATE DATABASE \`b c.d\`; CREATE TABLE a.t (id INT PRIMARY KEY, v BLOB); INSERT INTO a.t VALUES (1, 0x00090A0D5C4E), (2, NULL);
      CREATE TABLE \`b c.d\`.\`t/1\` (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1); INSERT INTO \`b c.d\`.\`t/1\` VALUES (1, 'é')`)
    const words = await newRepository(folder.path)
    const files = path.join(folder.path, 'files')
    await dumpFolder(files, source, ['--dir', files, '--databases', 'a', 'b c.d'])
    const { backup } = await importDump(words, files)
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    await restoreInto(target, words, backup.id)
    const rows = 'SELECT id, HEX(v) FROM a.t; SELECT id, HEX(v) FROM `b c.d`.`t/1`'
    assert.equal(await target.sql(rows), await source.sql(rows))
  })
}
