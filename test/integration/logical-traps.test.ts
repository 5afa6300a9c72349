// The traps of loading text into MySQL and MariaDB, one test each; a small table goes out and must come back as the witness says.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { HoldfastError } from '../../src/core/errors.ts'
import { openReadSession } from '../../src/instance/read-session.ts'
import type { LogicalDialect } from '../../src/logical/dialect.ts'
import { logicalDialectOf } from '../../src/logical/dialects.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { listRelations, readTable } from '../../src/logical/table-definition.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'

interface Trap {
  readonly title: string
  readonly flavour?: TestServer['flavour']
  /** Run in schema `trap`. */
  readonly sql: string
  /** What the witness must answer on the source and on the target. */
  readonly ask: string
  readonly expect: string
  /** What the target answers, where that is another answer. */
  readonly expectThere?: string
  /** What the load tells. */
  readonly told?: RegExp
  /** What the dump tells. */
  readonly dumpTold?: RegExp
}

const loose = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00'"

const traps: readonly Trap[] = [
  {
    title: 'trap 3: NULL, the word NULL and a backslash with N stay apart',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t VALUES (1, NULL), (2, 'NULL'), (3, 0x5C4E), (4, 0x5C), (5, 0x090A0D001A08)`,
    ask: `SELECT GROUP_CONCAT(COALESCE(HEX(v), '-') ORDER BY id) FROM t`,
    expect: '-,4E554C4C,5C4E,5C,090A0D001A08',
  },
  {
    title:
      'trap 4: bytes of a text stay bytes: second bytes that look like a backslash, and the error value of ENUM',
    sql: `SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9) CHARACTER SET sjis, u VARCHAR(9) CHARACTER SET utf16, e ENUM('ä', 'b'));
      INSERT INTO t VALUES (1, _sjis 0x835C, _utf16 0x095C0A09, 'b'), (2, NULL, NULL, 'no member')`,
    ask: `SELECT GROUP_CONCAT(COALESCE(HEX(s), '-'), COALESCE(HEX(u), '-'), e + 0 ORDER BY id) FROM t`,
    expect: '835C095C0A092,--0',
  },
  {
    title: 'trap 5: FLOAT comes back to the last bit',
    sql: 'CREATE TABLE t (id INT PRIMARY KEY, f FLOAT); INSERT INTO t VALUES (1, 16777217), (2, 0.1), (3, 1e-45), (4, 8388607.5), (5, 123456.789)',
    ask: 'SELECT GROUP_CONCAT(f * 1e0 ORDER BY id) FROM t',
    expect: '16777216,0.10000000149011612,1.401298464324817e-45,8388607.5,123456.7890625',
  },
  {
    title: 'trap 6: BIT and GEOMETRY come back as they lie there, SRID included',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, b BIT(20), g GEOMETRY); INSERT INTO t VALUES (1, 0x0A5C, ST_GeomFromText('POINT(1 2)', 4326)), (2, 49, ST_GeomFromText('POINT(3 4)'))`,
    ask: `SELECT GROUP_CONCAT(HEX(b), ':', ST_SRID(g), ':', LEFT(HEX(g), 18) ORDER BY id) FROM t`,
    expect: 'A5C:4326:E61000000101000000,31:0:000000000101000000',
  },
  {
    title: 'trap 7: JSON values of SQL types are told when their text changes',
    flavour: 'mysql',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, j JSON); INSERT INTO t VALUES (1, JSON_OBJECT('d', CAST(1.10 AS DECIMAL(9,2)), 'x', CAST('2020-01-01' AS DATE), 'n', 1.5e0))`,
    ask: `SELECT JSON_TYPE(j->'$.d'), j->'$.d', JSON_TYPE(j->'$.x'), j->'$.x', JSON_TYPE(j->'$.n') FROM t`,
    expect: 'DECIMAL\t1.10\tDATE\t"2020-01-01"\tDOUBLE',
    expectThere: 'DOUBLE\t1.1\tSTRING\t"2020-01-01"\tDOUBLE',
    told: /trap\.t holds JSON values of SQL types/,
  },
  {
    title: 'trap 8: times do not shift between servers in different time zones',
    sql: `${loose}; CREATE TABLE t (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE, y YEAR, x TIME);
      INSERT INTO t VALUES (1, '2024-03-31 01:30:00', '2020-02-31', '0000', '-838:59:59'), (2, '2024-10-27 00:30:00', '0000-00-00', 1901, '838:59:59'), (3, '2024-10-27 01:30:00', NULL, NULL, NULL)`,
    ask: `SET time_zone = '+00:00'; SELECT GROUP_CONCAT(UNIX_TIMESTAMP(ts), '/', COALESCE(d, '-'), '/', COALESCE(y, '-'), '/', COALESCE(x, '-') ORDER BY id) FROM t`,
    expect: '1711848600/2020-02-31/0000/-838:59:59,1729989000/0000-00-00/1901/838:59:59,1729992600/-/-/-',
  },
  {
    title: 'trap 9: generated columns are generated, invisible ones are carried',
    sql: `CREATE TABLE t (a INT PRIMARY KEY, v INT AS (a + 1) VIRTUAL, s INT AS (a + 2) STORED, h INT INVISIBLE); INSERT INTO t (a, h) VALUES (1, 9), (2, 8)`,
    ask: 'SELECT GROUP_CONCAT(a, v, s, h ORDER BY a) FROM t',
    expect: '1239,2348',
  },
  {
    title: 'trap 9: a generated invisible primary key keeps its values',
    flavour: 'mysql',
    sql: 'SET sql_generate_invisible_primary_key = 1; CREATE TABLE t (v INT); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE v = 2',
    ask: 'SELECT GROUP_CONCAT(my_row_id, v ORDER BY my_row_id) FROM t',
    expect: '11,33',
  },
  {
    title: 'trap 10: AUTO_INCREMENT 0 stays 0 and the next value is not used again',
    sql: `${loose}; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO t VALUES (0), (5); CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 77`,
    ask: 'SELECT GROUP_CONCAT(id ORDER BY id) FROM t; INSERT INTO u VALUES (NULL); SELECT MAX(id) FROM u; DELETE FROM u; ALTER TABLE u AUTO_INCREMENT = 77',
    expect: '0,5\n77',
  },
  {
    title: 'trap 10: so does it in a table of which columns are decoded',
    sql: `${loose}; CREATE TABLE t (e ENUM('', 'a') NOT NULL, id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO t VALUES ('', 0), ('a', 5), ('a', -3)`,
    ask: 'SELECT GROUP_CONCAT(id, e ORDER BY id) FROM t',
    expect: '-3a,0,5a',
  },
  {
    title: 'trap 11: rows that violate a CHECK which was off are carried',
    flavour: 'mariadb',
    sql: 'CREATE TABLE t (id INT PRIMARY KEY, v INT CHECK (v > 0)); SET check_constraint_checks = 0; INSERT INTO t VALUES (1, -1)',
    ask: 'SELECT v FROM t',
    expect: '-1',
  },
  {
    title: 'trap 12: a sequence goes on where it stood, and tables that use it find it',
    flavour: 'mariadb',
    sql: 'CREATE SEQUENCE s START WITH 10 NOCACHE; CREATE TABLE t (id INT DEFAULT NEXTVAL(s) PRIMARY KEY, v INT); INSERT INTO t (v) VALUES (1), (2)',
    ask: 'SELECT GROUP_CONCAT(id ORDER BY id) FROM t; SELECT next_not_cached_value FROM s',
    expect: '10,11\n12',
  },
  {
    title: 'trap 13: the history of a system-versioned table is carried, with its times',
    flavour: 'mariadb',
    sql: `SET timestamp = 1600000000; CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; INSERT INTO t VALUES (1, 1), (2, 2);
      SET timestamp = 1600000100; UPDATE t SET v = 9 WHERE id = 1; SET timestamp = 1600000200; DELETE FROM t WHERE id = 2; SET timestamp = DEFAULT`,
    ask: 'SELECT GROUP_CONCAT(id, v, "@", FLOOR(UNIX_TIMESTAMP(row_start)) ORDER BY id, row_start) FROM t FOR SYSTEM_TIME ALL; SELECT COUNT(*) FROM t',
    expect: '11@1600000000,19@1600000100,22@1600000000\n1',
  },
  {
    title:
      'trap 13: of a table whose history counts transactions the rows of now are carried, and that is told',
    flavour: 'mariadb',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, v INT, z BIGINT UNSIGNED GENERATED ALWAYS AS ROW END INVISIBLE,
        PERIOD FOR SYSTEM_TIME (a, z)) WITH SYSTEM VERSIONING;
      INSERT INTO t (id, v) VALUES (1, 1), (2, 2); UPDATE t SET v = 9 WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t (id, v) VALUES (3, 3)`,
    ask: 'SELECT GROUP_CONCAT(id, v ORDER BY id) FROM t; SELECT SUM(a > 0), SUM(z = ~0) FROM t',
    expect: '19,33\n2\t2',
    dumpTold: /^trap\.t keeps its history by transaction [^\n]*$/,
  },
  {
    title: 'trap 14: an engine without rows of its own is carried as a definition',
    sql: 'CREATE TABLE m1 (id INT) ENGINE = MyISAM; CREATE TABLE m2 (id INT) ENGINE = MyISAM; CREATE TABLE t (id INT) ENGINE = MERGE UNION = (m1, m2); INSERT INTO m1 VALUES (1); INSERT INTO m2 VALUES (2)',
    ask: 'SELECT GROUP_CONCAT(id ORDER BY id) FROM t',
    expect: '1,2',
  },
  {
    title: 'trap 15: code of a definer that is gone is carried with its definer',
    sql: "CREATE DEFINER = 'gone'@'x' FUNCTION uno() RETURNS INT DETERMINISTIC SQL SECURITY INVOKER RETURN 1; CREATE DEFINER = 'gone'@'x' SQL SECURITY INVOKER VIEW v AS SELECT uno() AS one",
    ask: "SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'trap'; SELECT one FROM v",
    expect: 'gone@x\n1',
  },
  {
    title: 'trap 16: rows without a usable key, doubles included, are carried once each',
    sql: "CREATE TABLE t (e ENUM('z', 'a'), v INT); INSERT INTO t VALUES ('z', 1), ('z', 1), ('a', NULL), (NULL, NULL), (NULL, NULL)",
    ask: "SELECT COUNT(*), SUM(e = 'z'), SUM(e IS NULL) FROM t",
    expect: '5\t2\t2',
  },
  {
    title: 'a stored generated column that is made of a TIMESTAMP is told, and no other',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE AS (DATE(ts)) STORED);
      CREATE TABLE u (id INT PRIMARY KEY, ts TIMESTAMP NULL, n INT AS (id + 1) STORED, d DATE AS (DATE(ts)) VIRTUAL);
      CREATE TABLE v (d DATE AS (DATE(ts)) VIRTUAL, m INT AS (MONTH(d)) STORED, id INT PRIMARY KEY, ts TIMESTAMP NULL)`,
    ask: 'SELECT COUNT(*) FROM t',
    expect: '0',
    dumpTold: /^trap\.t has [^\n]*: d\ntrap\.v has [^\n]*: m$/,
  },
  {
    title: 'trap 4: a SET with an empty member keeps it apart from no member, up to the last of 64 bits',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, s SET('', 'x'), w SET('', ${Array.from({ length: 63 }, (_, at) => `'m${at}'`).join(', ')}));
      INSERT INTO t VALUES (1, 0, 0), (2, 1, 1), (3, 3, 9223372036854775809), (4, NULL, 9223372036854775807)`,
    ask: `SELECT GROUP_CONCAT(COALESCE(CAST(s AS UNSIGNED), '-'), '/', CAST(w AS UNSIGNED) ORDER BY id) FROM t`,
    expect: '0/0,1/1,3/9223372036854775809,-/9223372036854775807',
  },
  {
    title: 'the bytes that a definition has beyond UTF-8 come back',
    flavour: 'mysql',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, four VARCHAR(9) AS (CONCAT(id, '😀')) STORED, l VARCHAR(9) CHARACTER SET latin1 AS (CONCAT(id, _latin1 x'E9')) STORED,
        s VARCHAR(9) CHARACTER SET sjis AS (CONCAT(id, _sjis x'835C')) STORED, b VARBINARY(9) AS (CONCAT(id, _binary x'FF5C27000A1A')) STORED,
        d VARCHAR(9) DEFAULT (CONCAT('?', '😀')), CHECK (d <> _latin1 x'E9')); INSERT INTO t (id) VALUES (1)`,
    ask: `INSERT INTO t (id) VALUES (2); SELECT HEX(four), HEX(l), HEX(s), HEX(b), HEX(d) FROM t ORDER BY id; DELETE FROM t WHERE id = 2; INSERT IGNORE INTO t (id, d) VALUES (3, 'é'); SELECT COUNT(*) FROM t`,
    expect:
      [1, 2]
        .map(
          (id) =>
            ['F09F9880', 'E9', '835C', 'FF5C27000A1A'].map((hex) => `3${id}${hex}`).join('\t') +
            '\t3FF09F9880\n',
        )
        .join('') + '1',
  },
  {
    title: 'the bytes that a definition has beyond UTF-8 come back',
    flavour: 'mariadb',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, four VARCHAR(9) AS (CONCAT(id, '?😀')) STORED, b VARBINARY(9) DEFAULT 0xFF5C27000A1A, c BINARY(3) DEFAULT 0xC3,
        d VARCHAR(9) DEFAULT CONCAT('?', '😀')); INSERT INTO t (id) VALUES (1)`,
    ask: `INSERT INTO t (id) VALUES (2); SELECT HEX(four), HEX(b), HEX(c), HEX(d) FROM t ORDER BY id; DELETE FROM t WHERE id = 2`,
    expect: [1, 2]
      .map((id) => `3${id}3FF09F9880\tFF5C27000A1A\tC30000\t3FF09F9880\n`)
      .join('')
      .trimEnd(),
  },
  {
    title:
      'members and defaults with characters beyond U+FFFF come back, though the server shows question marks',
    sql: `CREATE TABLE t (id INT PRIMARY KEY, e ENUM('😀', '?', 'x', 'it''s? 😀\\\\') NOT NULL DEFAULT '😀', s SET('?', '😀', 'ab😀') DEFAULT 'ab😀',
        w ENUM('😀', 'z') CHARACTER SET utf16, v VARCHAR(9) DEFAULT 'why? 😀', u VARCHAR(9) CHARACTER SET utf16 DEFAULT '😀', q VARCHAR(9) DEFAULT '?');
        CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT '😀');
      INSERT INTO t (id, w) VALUES (1, 1); INSERT INTO t (id, e, s) VALUES (2, 2, 7), (3, 4, 1), (4, 3, '')`,
    ask: `INSERT INTO t (id) VALUES (5); SELECT GROUP_CONCAT(e + 0, s + 0 ORDER BY id) FROM t; SELECT e, s, w, v, u, q FROM t WHERE id IN (1, 3, 5) ORDER BY id;
      SELECT HEX(CONVERT(w USING utf8mb4)) FROM t WHERE id = 1; DELETE FROM t WHERE id = 5;
      INSERT INTO u (id) VALUES (1); SELECT v FROM u; DELETE FROM u`,
    expect: [
      '14,27,41,30,14',
      '😀\tab😀\t😀\twhy? 😀\t😀\t?',
      "it's? 😀\\\t?\tNULL\twhy? 😀\t😀\t?",
      '😀\tab😀\tNULL\twhy? 😀\t😀\t?',
      'F09F9880',
      '😀',
    ].join('\n'),
  },
  {
    title: 'trap 18: foreign keys in a circle are there afterwards and hold',
    sql: `SET foreign_key_checks = 0; CREATE TABLE a (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES b (id)); CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id));
      INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1)`,
    ask: `SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'trap'; SELECT a.id, b.id FROM a JOIN b ON a.b = b.id AND b.a = a.id; INSERT IGNORE INTO a VALUES (7, 99); SELECT COUNT(*) FROM a`,
    expect: '2\n1\t2\n1',
  },
]

const carried: readonly (Trap & { readonly schemas: readonly string[] })[] = [
  {
    title: 'code that came from a latin1 client is made in a schema whose name is not ASCII',
    schemas: ['bücher'],
    sql: `CREATE DATABASE bücher; USE bücher; CREATE TABLE t (id INT); SET character_set_client = latin1; CREATE VIEW v1 AS SELECT * FROM t;
      CREATE VIEW v2 AS SELECT * FROM t; CREATE PROCEDURE p1() SELECT 1; CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY DO SET @a = 1`,
    ask: "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY 1) FROM information_schema.VIEWS WHERE TABLE_NAME IN ('v1', 'v2')",
    expect: 'v1,v2',
  },
  {
    title: 'schemas whose names differ only in case keep their code apart',
    schemas: ['Shop', 'shop'],
    sql: `CREATE DATABASE Shop; CREATE DATABASE shop; CREATE PROCEDURE Shop.p() SELECT 'one'; CREATE PROCEDURE shop.p() SELECT 'two';
      CREATE FUNCTION shop.f() RETURNS INT DETERMINISTIC RETURN 1; CREATE EVENT shop.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1`,
    ask: `SELECT GROUP_CONCAT(ROUTINE_SCHEMA, ':', ROUTINE_NAME, ' ', ROUTINE_DEFINITION ORDER BY CAST(ROUTINE_SCHEMA AS BINARY), ROUTINE_NAME)
      FROM information_schema.ROUTINES WHERE ROUTINE_NAME IN ('p', 'f'); SELECT GROUP_CONCAT(EVENT_SCHEMA) FROM information_schema.EVENTS WHERE EVENT_NAME = 'e'`,
    expect: "Shop:p SELECT 'one',shop:f RETURN 1,shop:p SELECT 'two'\nshop",
  },
]

for (const kind of testedKinds) {
  describe(`traps (${kind})`, () => {
    let source: TestServer
    let target: TestServer
    before(async () => {
      source = await startServer(kind, { args: ['--default-time-zone=+05:30'] })
      target = await startServer(kind, { args: ['--default-time-zone=-08:00'] })
    })
    after(async () => {
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    })
    const flavour = kind.startsWith('mysql') ? 'mysql' : 'mariadb'
    for (const trap of traps.filter((trap) => (trap.flavour ?? flavour) === flavour)) {
      test(trap.title, async () => {
        for (const server of [source, target]) await server.sql('DROP DATABASE IF EXISTS trap')
        await source.sql(`CREATE DATABASE trap CHARACTER SET utf8mb4; USE trap; ${trap.sql}`)
        assert.equal((await source.sql(`USE trap; ${trap.ask}`)).trimEnd(), trap.expect, 'on the source')
        const memory = new MemoryBackup()
        const selection = { kind: 'schemas', schemas: ['trap'] } as const
        const result = await dumpLogical({ settings: source.settings(), sink: memory, selection })
        const report = await loadLogical({ settings: target.settings(), backup: memory.source(result) })
        const answer = (await target.sql(`USE trap; ${trap.ask}`)).trimEnd()
        assert.equal(answer, trap.expectThere ?? trap.expect, 'on the target')
        assert.match(result.warnings.join('\n'), trap.dumpTold ?? /^$/)
        assert.match(report.warnings.join('\n'), trap.told ?? /^$/)
      })
    }
    test('trap 6: a column of a type that is not known stops the dump, and is named', async () => {
      await source.sql(
        'DROP DATABASE IF EXISTS trap; CREATE DATABASE trap; CREATE TABLE trap.t (id INT PRIMARY KEY, `odd one` YEAR)',
      )
      await using session = await openReadSession(source.settings())
      const relation = (await listRelations(session, 'trap')).find(({ name }) => name === 't')
      assert.ok(relation !== undefined)
      const known = logicalDialectOf(source.flavour)
      await readTable(session, known, 'trap', relation)
      // All types of these servers are known: this is what a newer one would be.
      const dialect: LogicalDialect = {
        ...known,
        columnPlan: (column) => (column.type === 'year' ? undefined : known.columnPlan(column)),
      }
      await assert.rejects(readTable(session, dialect, 'trap', relation), (error: HoldfastError) => {
        assert.equal(error.code, 'UNSUPPORTED')
        assert.match(error.message, /^column odd one of trap\.t has the unknown type year/)
        return true
      })
      for (const type of ['hologram', '', 'int2']) {
        const column = { name: 'c', type, fullType: `${type}(3)`, extra: '', generation: '' }
        assert.equal(known.columnPlan(column), undefined)
      }
    })
    for (const { title, schemas, sql, ask, expect } of carried) {
      test(title, async () => {
        await source.sql(sql)
        const memory = new MemoryBackup()
        const selection = { kind: 'schemas', schemas } as const
        const result = await dumpLogical({ settings: source.settings(), sink: memory, selection })
        const backup = memory.source(result)
        // One after another, so that each finds those before it.
        for (const schema of schemas) {
          await loadLogical({
            settings: target.settings(),
            backup,
            selection: { kind: 'schemas', schemas: [schema] },
          })
        }
        for (const server of [source, target]) {
          assert.equal(
            (await server.sql(ask)).trimEnd(),
            expect,
            server === source ? 'on the source' : 'on the target',
          )
        }
      })
    }
  })
}
