// A target is compared with the backup it was restored from: what was damaged is named, and nothing else is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { Archive } from '../../src/archive/archive.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { type DumpOptions, dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { proveLoad } from '../../src/logical/verify-target/prove-load.ts'
import { verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { executeRestore } from '../../src/recovery/execute-restore.ts'
import { loadCorpus } from '../support/corpus.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { restoreRig } from '../support/restore-rig.ts'
import { eachServer, serverKinds, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { openWitness } from '../support/witness.ts'

async function backUp(source: TestServer, options: Partial<DumpOptions> = {}) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory, ...options })
  return memory.source(result)
}

type Backup = Awaited<ReturnType<typeof backUp>>

async function verify(target: TestServer, backup: Backup) {
  return verifyTarget({ settings: target.settings(), backup, threads: 3 })
}

/** What differs, in words. */
async function found(target: TestServer, backup: Backup): Promise<readonly string[]> {
  const { differences } = await verify(target, backup)
  return differences.flatMap((one) => [
    one.text,
    ...(one.kind === 'rows' ? one.rows.map((row) => row.text) : []),
  ])
}

// Everything that a session may inherit from its server, and that must not change what is read.
const oddServer = [
  '--default-time-zone=-03:30',
  '--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,STRICT_ALL_TABLES',
]

eachServer('the corpus as restored is what the backup says, on a server of other settings', async (kind) => {
  await using source = await startServer(kind)
  const collation = kind === 'mysql-9.7' ? 'utf8mb4_ja_0900_as_cs' : 'utf8mb4_polish_ci'
  await using target = await startServer(kind, {
    args: [...oddServer, '--character-set-server=utf8mb4', `--collation-server=${collation}`],
  })
  await loadCorpus(source)
  const backup = await backUp(source)
  const load = await loadLogical({ settings: target.settings(), backup })
  const { differences, notes, tables, rows } = await verify(target, backup)
  assert.deepEqual(differences, [])
  assert.deepEqual(
    notes.map((note) => /(view corpus\.broken|corpus\.json_typed)/.exec(note)?.[0] ?? note).toSorted(),
    source.flavour === 'mysql' ? ['corpus.json_typed', 'view corpus.broken'] : ['view corpus.broken'],
  )
  assert.equal(rows, load.rows)
  assert.ok(tables > 30, `${tables} tables`)
})

const items = `
  CREATE DATABASE d; USE d;
  CREATE TABLE items (id INT PRIMARY KEY, f FLOAT, name VARCHAR(40), at DATETIME(3), bits BIT(10), doc JSON, e ENUM('', 'x'));
  CREATE TABLE pairs (a INT, b VARCHAR(10) CHARACTER SET latin1, v INT, PRIMARY KEY (a, b));
  CREATE TABLE bag (v INT, t TEXT); CREATE TABLE nothing (id INT PRIMARY KEY) ENGINE = MyISAM;
  CREATE VIEW few AS SELECT id FROM items WHERE id < 3;
  CREATE TRIGGER watch BEFORE UPDATE ON pairs FOR EACH ROW SET NEW.v = NEW.v;
  CREATE PROCEDURE noop() SELECT 1; CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
  CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DISABLE DO SELECT 1;
  INSERT INTO items VALUES (1, 16777216, 'one\\ttab', '2020-01-01 00:00:00.001', 3, '{"n": 1.5, "s": "1.10"}', 'x'),
    (2, 0.1, '', '2020-01-02', 0, '[1, 2]', ''), (3, 3.1415927, NULL, NULL, NULL, NULL, NULL);
  INSERT INTO pairs VALUES (1, 'a', 10), (1, 'b', 20), (2, 'café', 30);
  INSERT INTO bag VALUES (7, 'x'), (7, 'x'), (8, NULL)`

interface Damage {
  readonly sql: string
  readonly undo: string
  readonly found: readonly string[]
}

const first = (what: string) => `table d.items differs: ${what} (3 rows, as in the backup)`

const damages: readonly Damage[] = [
  {
    sql: "UPDATE d.items SET name = 'eins' WHERE id = 1",
    undo: "UPDATE d.items SET name = 'one\\ttab' WHERE id = 1",
    found: [first('1 changed'), "row id=1 (chunk 1): name is 'eins' and was 'one\ttab'"],
  },
  {
    sql: 'UPDATE d.items SET name = NULL WHERE id = 2',
    undo: "UPDATE d.items SET name = '' WHERE id = 2",
    found: [first('1 changed'), "row id=2 (chunk 1): name is NULL and was ''"],
  },
  {
    // The next FLOAT; both print as 3.14159.
    sql: 'UPDATE d.items SET f = 3.1415929 WHERE id = 3',
    undo: 'UPDATE d.items SET f = 3.1415927 WHERE id = 3',
    found: [first('1 changed'), 'row id=3 (chunk 1): f is 3.1415929794311523 and was 3.1415927410125732'],
  },
  {
    sql: 'UPDATE d.items SET f = 16777218, bits = 2, at = at + INTERVAL 1000 MICROSECOND WHERE id = 1',
    undo: 'UPDATE d.items SET f = 16777216, bits = 3, at = at - INTERVAL 1000 MICROSECOND WHERE id = 1',
    found: [
      first('1 changed'),
      "row id=1 (chunk 1): f is 16777218 and was 16777216, at is '2020-01-01 00:00:00.002' and was '2020-01-01 00:00:00.001', bits is 0x0002 and was 0x0003",
    ],
  },
  {
    sql: `UPDATE d.items SET doc = '{"n": 1.5, "s": "1.1"}' WHERE id = 1`,
    undo: `UPDATE d.items SET doc = '{"n": 1.5, "s": "1.10"}' WHERE id = 1`,
    found: [
      first('1 changed'),
      `row id=1 (chunk 1): doc is '{"n": 1.5, "s": "1.1"}' and was '{"n": 1.5, "s": "1.10"}'`,
    ],
  },
  {
    sql: "SET sql_mode = ''; UPDATE d.items SET e = 0 WHERE id = 2",
    undo: "UPDATE d.items SET e = '' WHERE id = 2",
    found: [first('1 changed'), 'row id=2 (chunk 1): e is 0 and was 1'],
  },
  {
    sql: "DELETE FROM d.pairs WHERE a = 1 AND b = 'b'",
    undo: "INSERT INTO d.pairs VALUES (1, 'b', 20)",
    found: [
      'table d.pairs differs: 1 missing (2 rows, and 3 rows in the backup)',
      "row a=1, b='b' (chunk 1) is missing on the target",
    ],
  },
  {
    sql: "INSERT INTO d.pairs VALUES (9, 'é', NULL)",
    undo: 'DELETE FROM d.pairs WHERE a = 9',
    found: [
      'table d.pairs differs: 1 added (4 rows, and 3 rows in the backup)',
      'row a=9, b=0xE9 is not in the backup',
    ],
  },
  {
    sql: 'UPDATE d.pairs SET v = 30 - v WHERE a = 1',
    undo: 'UPDATE d.pairs SET v = 30 - v WHERE a = 1',
    found: [
      'table d.pairs differs: 2 changed (3 rows, as in the backup)',
      "row a=1, b='a' (chunk 1): v is 20 and was 10",
      "row a=1, b='b' (chunk 1): v is 10 and was 20",
    ],
  },
  {
    sql: 'DELETE FROM d.bag WHERE v = 7; INSERT INTO d.bag VALUES (8, NULL), (8, NULL)',
    undo: "DELETE FROM d.bag WHERE v = 8; INSERT INTO d.bag VALUES (7, 'x'), (7, 'x'), (8, NULL)",
    found: [
      'table d.bag differs: 2 missing, 2 added (3 rows, as in the backup)',
      "2 copies of row v=7, t='x' (chunk 1) are missing on the target",
      '2 copies of row v=8, t=NULL are not in the backup',
    ],
  },
  {
    sql: 'DELETE FROM d.bag WHERE v = 7 LIMIT 1; INSERT INTO d.bag VALUES (8, NULL)',
    undo: "DELETE FROM d.bag WHERE v = 8 LIMIT 1; INSERT INTO d.bag VALUES (7, 'x')",
    found: [
      'table d.bag differs: 1 missing, 1 added (3 rows, as in the backup)',
      "row v=7, t='x' (chunk 1) is missing on the target",
      'row v=8, t=NULL is not in the backup',
    ],
  },
  {
    sql: 'INSERT INTO d.nothing VALUES (5)',
    undo: 'DELETE FROM d.nothing',
    found: [
      'table d.nothing differs: 1 added (1 row, and 0 rows in the backup)',
      'row id=5 is not in the backup',
    ],
  },
  {
    sql: 'DROP TRIGGER d.watch; DROP PROCEDURE d.noop; DROP VIEW d.few; DROP EVENT d.later; DROP FUNCTION d.one',
    undo: `USE d; CREATE VIEW few AS SELECT id FROM items WHERE id < 3;
      CREATE TRIGGER watch BEFORE UPDATE ON pairs FOR EACH ROW SET NEW.v = NEW.v;
      CREATE PROCEDURE noop() SELECT 1; CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
      CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DISABLE DO SELECT 1`,
    found: [
      'trigger d.watch is missing on the target',
      'view d.few is missing on the target',
      'procedure d.noop is missing on the target',
      'function d.one is missing on the target',
      'event d.later is missing on the target',
    ],
  },
  {
    sql: 'DROP TRIGGER d.watch; CREATE TRIGGER d.watch BEFORE UPDATE ON d.pairs FOR EACH ROW SET NEW.v = 1; CREATE TABLE d.more (id INT)',
    undo: 'DROP TABLE d.more; DROP TRIGGER d.watch; USE d; CREATE TRIGGER watch BEFORE UPDATE ON pairs FOR EACH ROW SET NEW.v = NEW.v',
    found: ['trigger d.watch has another definition', 'table d.more is not in the backup'],
  },
  {
    sql: 'ALTER TABLE d.items RENAME COLUMN f TO g',
    undo: 'ALTER TABLE d.items RENAME COLUMN g TO f',
    found: ['table d.items has no column f on the target: rows not compared'],
  },
  {
    sql: 'ALTER TABLE d.pairs ADD KEY by_value (v)',
    undo: 'ALTER TABLE d.pairs DROP KEY by_value',
    found: ['table d.pairs has another definition'],
  },
  {
    sql: 'RENAME TABLE d.bag TO d.sack',
    undo: 'RENAME TABLE d.sack TO d.bag',
    found: ['table d.bag is missing on the target', 'table d.sack is not in the backup'],
  },
]

eachServer('each damage of a target is named, and nothing else', async (kind) => {
  await using server = await startServer(kind, { sql: items })
  const backup = await backUp(server)
  assert.deepEqual(await found(server, backup), [])
  for (const damage of damages) {
    await server.sql(damage.sql)
    assert.deepEqual(await found(server, backup), damage.found, damage.sql)
    await server.sql(damage.undo)
    assert.deepEqual(await found(server, backup), [], damage.undo)
  }
})

const digits =
  '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'
const large = `CREATE DATABASE d; CREATE TABLE d.large (id INT PRIMARY KEY, v VARCHAR(1000), n INT);
  INSERT INTO d.large SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d, REPEAT(UUID(), 20), a.d FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e;
  ANALYZE TABLE d.large`

eachServer('rows that differ are named with the range and the chunk that they lie in', async (kind) => {
  await using server = await startServer(kind, { sql: large })
  const backup = await backUp(server, { threads: 3, worth: { threadBytes: 0, rangeBytes: 1024 * 1024 } })
  const clean = await verify(server, backup)
  assert.deepEqual(clean.differences, [])
  assert.equal(clean.rows, 10_000)
  // A server that orders keys in another way draws the lines elsewhere: the rows are the same.
  const content = JSON.stringify(backup.content)
  const moved = content.replaceAll(
    /`id` (<|>=) (\d+)/g,
    (_, sign: string, at: string) => `\`id\` ${sign} ${Number(at) + 3}`,
  )
  assert.notEqual(moved, content)
  assert.deepEqual(await found(server, { ...backup, content: JSON.parse(moved) }), [])
  await server.sql('UPDATE d.large SET n = 99 WHERE id = 4321; DELETE FROM d.large WHERE id = 9999')
  const { differences } = await verify(server, backup)
  const [difference] = differences
  assert.ok(differences.length === 1 && difference?.kind === 'rows')
  assert.equal(difference.ranges.length, 2)
  const [start = 0, end = 0] = (difference.ranges[0] ?? '').match(/\d+/g)?.map(Number) ?? []
  assert.ok(start <= 4321 && 4321 < end && end - start < 4000, difference.ranges[0])
  const { chunks } = await backup.object('d/large')
  for (const row of difference.rows) {
    const id = row.row.slice('id='.length)
    const text = (await backup.getChunk(chunks[(row.chunk ?? 0) - 1]?.id ?? '')).toString()
    assert.match(text, new RegExp(`^${id}\t`, 'm'))
    assert.equal(chunks[(row.chunk ?? 0) - 1]?.id, row.chunkId)
  }
  assert.deepEqual(
    difference.rows.map(({ kind: how, row }) => `${how} ${row}`),
    ['changed id=4321', 'missing id=9999'],
  )
})

eachServer('where nearly all rows differ some are named, and how many there are at least', async (kind) => {
  await using server = await startServer(kind, { sql: large })
  const backup = await backUp(server)
  await server.sql('UPDATE d.large SET n = n + 1')
  const [difference] = (await verify(server, backup)).differences
  assert.ok(difference?.kind === 'rows')
  assert.match(difference.text, /: at least [\d,]+ changed \(10,000 rows, as in the backup\)$/)
  assert.equal(difference.rows.length, 10)
})

eachServer('the sample shop as restored is what the backup says', async (kind) => {
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  await using witness = await openWitness(source)
  await fillShop(witness.query, { flavour: source.flavour, orders: 2000 })
  const backup = await backUp(source, { threads: 2, worth: { threadBytes: 0, rangeBytes: 256 * 1024 } })
  await loadLogical({ settings: target.settings(), backup })
  const { differences, notes } = await verify(target, backup)
  assert.deepEqual([differences, notes], [[], []])
})

const typed = `CREATE DATABASE d; CREATE TABLE d.docs (id INT PRIMARY KEY, doc JSON, v INT);
  INSERT INTO d.docs VALUES (1, JSON_OBJECT('n', CAST(1.10 AS DECIMAL(10, 2)), 't', 'a "1.10" b'), 1),
    (2, JSON_ARRAY(CAST(5 AS DECIMAL(10, 2)), 18446744073709551615, -7, 1e300, CAST(12345678901234567890.5 AS DECIMAL(30, 1))), 2),
    (3, JSON_OBJECT('d', CAST('2020-01-01' AS DATE), 'q', '\\\\"1.50', 'w', CAST('0.30' AS DECIMAL(4, 2))), 3)`

// Only MySQL has types within JSON.
if (testedKinds.includes('mysql-9.7')) {
  test('what JSON loses as text is told, and does not hide what differs beside it', async () => {
    await using source = await startServer('mysql-9.7', { sql: typed })
    await using target = await startServer('mysql-9.7')
    const backup = await backUp(source)
    await loadLogical({ settings: target.settings(), backup })
    const same = await verify(target, backup)
    assert.deepEqual(same.differences, [])
    assert.match(same.notes.join(), /^d\.docs holds JSON values of SQL types/)
    for (const [change, row] of [
      ["JSON_SET(doc, '$.n', 1.2) WHERE id = 1", 'id=1'],
      ["JSON_SET(doc, '$.t', 'a \"1.1\" b') WHERE id = 1", 'id=1'],
      ["JSON_SET(doc, '$[1]', 18446744073709551614) WHERE id = 2", 'id=2'],
      ["JSON_SET(doc, '$[2]', -7.5) WHERE id = 2", 'id=2'],
      ["JSON_SET(doc, '$.d', '2020-01-02') WHERE id = 3", 'id=3'],
    ] as const) {
      await target.sql('CREATE TABLE d.kept SELECT * FROM d.docs')
      await target.sql(`UPDATE d.docs SET doc = ${change}`)
      const { differences } = await verify(target, backup)
      const rows = differences.find((one) => one.kind === 'rows')?.rows ?? []
      assert.deepEqual(
        rows.map((one) => [one.kind, one.row, one.cells?.map(({ column }) => column)]),
        [['changed', row, ['doc']]],
        change,
      )
      await target.sql('REPLACE INTO d.docs SELECT * FROM d.kept; DROP TABLE d.kept')
    }
  })
}

const common = `CREATE DATABASE d; CREATE TABLE d.wide (id INT PRIMARY KEY, big BIGINT UNSIGNED, f FLOAT, x DOUBLE, p DECIMAL(20,5),
    name VARCHAR(50) CHARACTER SET utf8mb4, raw VARBINARY(20), day DATE, at DATETIME(6), ts TIMESTAMP(3) NULL, t TIME, y YEAR, bits BIT(12),
    e ENUM('', 'b'), s SET('a', 'b'), g GEOMETRY, doc JSON) DEFAULT CHARSET utf8mb4;
  CREATE TABLE d.plain (id INT PRIMARY KEY, v INT) DEFAULT CHARSET utf8mb4;
  INSERT INTO d.wide VALUES (1, 18446744073709551615, 3.1415929, 0.1, 1.5, 'é\\\\ \\t', 0x00FF0A5C, '2020-02-28', '2020-01-01 00:00:00.000001',
    '2020-01-01 10:00:00.001', '-10:00:00', 2020, 5, 'b', 'a,b', ST_GeomFromText('POINT(1 2)'), '{"a":1,  "b": 2}'),
    (2, NULL, 1e-45, 1e300, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '', NULL, NULL);
  INSERT INTO d.plain VALUES (1, 10), (2, 20)`

eachServer(
  'another vendor with the same values has no false alarm, and real ones are named',
  async (kind) => {
    await using source = await startServer(kind, { sql: common })
    const others = serverKinds.filter((other) => other.startsWith('mysql') !== kind.startsWith('mysql'))
    await using target = await startServer(others[0] ?? kind, { sql: common })
    const backup = await backUp(source)
    const { differences, notes } = await verify(target, backup)
    // MariaDB keeps JSON as it was written, which is not how MySQL writes it down.
    assert.deepEqual(differences, [])
    assert.match(notes.join(), /^d\.wide: its JSON was compared by what it says/)
    await target.sql(
      'UPDATE d.wide SET f = 3.1415927, doc = NULL WHERE id = 1; UPDATE d.plain SET v = 21 WHERE id = 2',
    )
    const texts = await found(target, backup)
    assert.ok(texts.includes('row id=2 (chunk 1): v is 21 and was 20'), texts.join('\n'))
    assert.match(texts.join('\n'), /row id=1 \(chunk 1\): f is 3\.14159274\d* and was 3\.14159297\d*/)
  },
)

eachServer('what is written between two reads is told as that', async (kind) => {
  await using server = await startServer(kind, { sql: items })
  const backup = await backUp(server)
  await server.sql('UPDATE d.pairs SET v = 11 WHERE v = 10')
  const changing: Backup = {
    ...backup,
    getChunk: async (id) => {
      await server.sql('UPDATE d.pairs SET v = 10 WHERE v = 11')
      return backup.getChunk(id)
    },
  }
  const texts = await found(server, changing)
  assert.equal(texts.length, 1)
  assert.match(
    texts[0] ?? '',
    /^table d\.pairs differs: its row hash, but row by row nothing: it was written to/,
  )
})

eachServer('a base that differs ends the restore before anything is replayed on it', async (kind) => {
  await using source = await startServer(kind, { sql: items })
  await using target = await startServer(kind)
  await using rig = await restoreRig(source)
  await rig.backUp()
  await source.sql("INSERT INTO d.pairs VALUES (5, 'later', 50)")
  await rig.archive.catchUp()
  const plan = await rig.plan('latest')
  const stored = await rig.archive.source.openBackup(plan.base.id)
  let isVerifying = false
  const messages: string[] = []
  const backup: Backup = {
    content: stored.content,
    origin: stored.origin,
    point: stored.point,
    objectNames: () => stored.objectNames(),
    // Somebody writes to the target just after the load.
    object: async (name) => {
      if (isVerifying) await target.sql("UPDATE d.pairs SET v = 0 WHERE b = 'a'")
      return stored.object(name)
    },
    getChunk: (id) => stored.getChunk(id),
  }
  const options = {
    settings: target.settings(),
    archive: await Archive.open(rig.archive.source),
    verify: true,
  }
  await assert.rejects(
    executeRestore(plan, {
      ...options,
      backup,
      emit: (event) => {
        if (event.type === 'phase' && event.phase === 'comparing definitions') isVerifying = true
        if (event.type === 'notice') messages.push(event.message)
      },
    }),
    (error) =>
      isHoldfastError(error, 'VERIFY_FAILED') && /table d\.pairs differs: 1 changed/.test(error.message),
  )
  assert.ok(messages.includes("row a=1, b='a' (chunk 1): v is 0 and was 10"), messages.join('\n'))
  assert.equal(await target.sql('SELECT COUNT(*) FROM d.pairs'), '3\n')
  // Nor does another run go on from there.
  await assert.rejects(executeRestore(plan, { ...options, backup: stored }), (error) =>
    isHoldfastError(error, 'TARGET_NOT_EMPTY'),
  )
  await using fresh = await startServer(kind)
  const report = await executeRestore(plan, { ...options, settings: fresh.settings(), backup: stored })
  assert.equal(report.verified?.rows, 9)
  assert.equal(await fresh.sql('SELECT COUNT(*) FROM d.pairs'), '4\n')
})

eachServer('a row that is longer than a chunk is compared to its last byte', async (kind) => {
  const sql =
    "CREATE DATABASE d; CREATE TABLE d.long_rows (id INT PRIMARY KEY, t LONGTEXT); INSERT INTO d.long_rows VALUES (1, REPEAT('x', 9000000)), (2, 'y')"
  await using server = await startServer(kind, { sql })
  const backup = await backUp(server)
  assert.deepEqual(await found(server, backup), [])
  await server.sql("UPDATE d.long_rows SET t = CONCAT(LEFT(t, 8999999), 'z') WHERE id = 1")
  assert.deepEqual(await found(server, backup), [
    'table d.long_rows differs: 1 changed (2 rows, as in the backup)',
    `row id=1 (chunk 3): t begins with '${'x'.repeat(40)}…' and differs behind, from about byte 8,999,999 on`,
  ])
})

eachServer('a view that a load could not create is told once, and is no difference then', async (kind) => {
  const sql =
    'CREATE DATABASE a; CREATE DATABASE b; CREATE TABLE b.t (id INT PRIMARY KEY); CREATE VIEW a.`odd was v` AS SELECT id FROM b.t; CREATE VIEW a.w AS SELECT 1 AS one'
  await using source = await startServer(kind, { sql })
  await using target = await startServer(kind)
  const backup = await backUp(source)
  const selection = { kind: 'schemas', schemas: ['a'] } as const
  const options = { settings: target.settings(), backup, selection }
  const { warnings } = await loadLogical(options)
  assert.match(warnings.join(), /^view a\.odd was v refers to something/)
  const told: string[] = []
  const proof = { ...options, backupId: 'x', loadWarnings: warnings }
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'notice') told.push(event.message)
  }
  const { differences } = await proveLoad({ ...proof, emit })
  assert.deepEqual([differences, told], [[], []])
  await target.sql('DROP VIEW a.w')
  await assert.rejects(proveLoad({ ...proof, emit }), /backup x says: view a\.w is missing on the target$/)
  assert.deepEqual(told, ['view a.w is missing on the target'])
  const alone = await verifyTarget(options)
  assert.deepEqual(
    alone.differences.map(({ object }) => object),
    ['view a.odd was v', 'view a.w'],
  )
})

eachServer(
  'of a backup that leaves things out, no more is expected of a server than it has',
  async (kind) => {
    await using server = await startServer(kind, { sql: items })
    const tables = [{ schema: 'd', name: 'bag' }]
    const without = await backUp(server, {
      selection: { kind: 'everything', exclude: { schemas: [], tables } },
    })
    assert.deepEqual(await found(server, without), [])
    const rows = await backUp(server, { filters: { parts: 'data' } })
    assert.deepEqual(await found(server, rows), [])
    const definitions = await backUp(server, { filters: { parts: 'structure' } })
    const some = await backUp(server, {
      filters: { where: [{ schema: 'd', name: 'pairs', condition: 'a = 1' }] },
    })
    await server.sql(
      "DROP TRIGGER d.watch; UPDATE d.bag SET t = 'y' WHERE v = 8; DELETE FROM d.pairs WHERE a = 2",
    )
    assert.deepEqual(await found(server, without), [
      'trigger d.watch is missing on the target',
      'table d.pairs differs: 1 missing (2 rows, and 3 rows in the backup)',
      'row a=2, b=0x636166E9 (chunk 1) is missing on the target',
    ])
    assert.match((await found(server, rows))[0] ?? '', /^table d\.(?:bag|pairs) differs: 1 missing/)
    assert.deepEqual(await found(server, definitions), ['trigger d.watch is missing on the target'])
    await server.sql("UPDATE d.bag SET t = NULL WHERE v = 8; INSERT INTO d.pairs VALUES (3, 'new', 0)")
    const verification = await verify(server, some)
    assert.deepEqual(
      verification.differences.map(({ text }) => text),
      [
        'trigger d.watch is missing on the target',
        'table d.pairs differs: 1 added (3 rows, and 2 rows in the backup)',
      ],
    )
    assert.match(verification.notes.join(), /^d\.pairs: the backup has only the rows for which a = 1$/)
  },
)

eachServer(
  'what another patch release may word anew is told with both texts, and is no difference',
  async (kind) => {
    await using server = await startServer(kind, { sql: items })
    const backup = await backUp(server)
    const withVersion = (serverVersion: string): Backup => ({
      ...backup,
      origin: { ...backup.origin, serverVersion },
    })
    const [major = '', minor = ''] = server.version.split('.')
    const earlier = withVersion(`${major}.${minor}.0`)
    assert.deepEqual((await verify(server, earlier)).rewordings, [])
    await server.sql('CREATE OR REPLACE VIEW d.few AS SELECT id FROM d.items WHERE id < 4')
    const { differences, rewordings, notes } = await verify(server, earlier)
    assert.deepEqual(differences, [])
    assert.deepEqual(
      rewordings.map(({ object, backup: was, target: is }) => [
        object,
        was.includes('< 3'),
        is.includes('< 4'),
      ]),
      [['view d.few', true, true]],
    )
    assert.deepEqual(notes, [
      'another text than in the backup, which another patch release may have for the same thing: view d.few (--json has both texts)',
    ])
    assert.deepEqual(await found(server, backup), ['view d.few has another definition'])
    const older = await verify(server, withVersion(`${major}.${Number(minor) - 1}.9`))
    assert.deepEqual([older.differences, older.rewordings, older.notes], [[], [], []])
  },
)

eachServer('masks are what their columns make of them', async (kind) => {
  await using source = await startServer(kind, { sql: items })
  await using target = await startServer(kind)
  const masks = [
    ['f', '0.7'],
    ['at', '2020-01-01 10:00:00'],
    ['doc', '{"b":1.50,  "a":0}'],
  ].map(([column = '', value = '']) => {
    const method = { kind: 'constant', value } as const
    return { schema: 'd', table: 'items', column, method }
  })
  const backup = await backUp(source, { filters: { masks } })
  await loadLogical({ settings: target.settings(), backup })
  assert.deepEqual(await found(target, backup), [])
  await target.sql("UPDATE d.items SET f = 0.71 WHERE id = 2; UPDATE d.items SET name = 'x' WHERE id = 1")
  const [one] = (await verify(target, backup)).differences
  assert.ok(one?.kind === 'rows')
  assert.deepEqual(
    one.rows.map(({ row, cells }) => [row, cells?.map(({ column }) => column)]),
    [
      ['id=1', ['name']],
      ['id=2', ['f']],
    ],
  )
})

eachServer('a table of which the backup knows no columns has no rows', async (kind) => {
  await using server = await startServer(kind, { sql: items })
  const backup = await backUp(server)
  const content = parseLogicalContent(structuredClone(backup.content))
  for (const table of content.schemas[0]?.tables ?? []) if (table.rows === 0) table.columns.splice(0)
  assert.deepEqual(await found(server, { ...backup, content }), [])
  await server.sql('INSERT INTO d.nothing VALUES (5)')
  assert.deepEqual(await found(server, { ...backup, content }), [
    'table d.nothing differs: 1 added (1 row, and 0 rows in the backup)',
    'row id=5 is not in the backup',
  ])
})
