// Parts of a backup that come back beside other data: under other names, with other definers, in place of what is there or added to it.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { BackupSource } from '../../src/core/backup.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { HoldfastError, isHoldfastError } from '../../src/core/errors.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { type LoadOptions, type LoadReport, loadLogical } from '../../src/logical/load-logical.ts'
import { reshape } from '../../src/logical/reshape/reshape.ts'
import { proveLoad } from '../../src/logical/verify-target/prove-load.ts'
import { type PartsRestoreRequest, planParts } from '../../src/operations/plan-parts.ts'
import { restoreParts } from '../../src/operations/restore-parts.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'

const shop = `
  CREATE USER owner@'%' IDENTIFIED BY 'Owner-1'; GRANT ALL ON *.* TO owner@'%';
  CREATE DATABASE crm; CREATE DATABASE shop; USE shop;
  CREATE TABLE crm.calls (id INT PRIMARY KEY, note VARCHAR(20)); INSERT INTO crm.calls VALUES (1, 'x');
  CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET latin1, shop INT, called INT,
    CONSTRAINT called FOREIGN KEY (called) REFERENCES crm.calls (id));
  INSERT INTO customers VALUES (1, 'Änn', 1, 1), (2, 'Bob', 1, NULL);
  CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer INT, kind ENUM('a', 'b') DEFAULT 'a', total INT, mark INT UNIQUE,
    FOREIGN KEY (customer) REFERENCES customers (id), CHECK (total >= 0));
  INSERT INTO orders VALUES (1, 1, 'a', 10, 1), (2, 1, 'b', 20, 2), (3, 2, 'a', 30, NULL);
  CREATE TABLE plain (id INT PRIMARY KEY, t VARCHAR(10)) ENGINE = MyISAM; INSERT INTO plain VALUES (1, 'one'), (2, 'two');
  CREATE DEFINER = owner@'%' VIEW names AS SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id;
  CREATE VIEW all_calls AS SELECT calls.note, customers.shop AS shop FROM crm.calls JOIN customers ON called = calls.id;
  CREATE VIEW odd AS SELECT shop.id FROM crm.calls shop;
  CREATE VIEW crm.buyers AS SELECT name FROM shop.customers;
  CREATE DEFINER = owner@'%' TRIGGER shop.stamp BEFORE UPDATE ON shop.orders FOR EACH ROW SET NEW.total = NEW.total + 1;
  CREATE TRIGGER far BEFORE DELETE ON orders FOR EACH ROW UPDATE shop.customers SET shop = 0;
  CREATE DEFINER = owner@'%' PROCEDURE near() SELECT 'DEFINER=x PROCEDURE shop.y', COUNT(*) FROM orders;
  CREATE PROCEDURE distant() SELECT COUNT(*) FROM shop.orders;
  CREATE DEFINER = owner@'%' FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
  CREATE DEFINER = owner@'%' EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM orders WHERE id = 0;
  SET sql_mode = 'ANSI_QUOTES'; CREATE DEFINER = owner@'%' PROCEDURE "quoted"() SELECT "id" FROM "orders"`

function refusal(code: ErrorCode, sentence: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(isHoldfastError(error, code), String(error))
    assert.match(error.message, sentence)
    return true
  }
}

async function lost(): Promise<never> {
  throw new HoldfastError('VERIFY_FAILED', 'a chunk is gone')
}

for (const kind of testedKinds) {
  describe(`parts of a backup (${kind})`, () => {
    let source: TestServer
    let target: TestServer
    let backup: BackupSource
    before(async () => {
      source = await startServer(kind, { sql: shop })
      target = await startServer(kind, {
        sql: "CREATE USER owner@'%' IDENTIFIED BY 'Owner-1'; GRANT ALL ON *.* TO owner@'%'",
      })
      backup = await backupOf(source)
    })
    after(async () => {
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    })
    beforeEach(async () => {
      await target.sql(
        [
          'SET foreign_key_checks = 0',
          ...['shop', 'crm', 'copy', 'other'].map((name) => `DROP DATABASE IF EXISTS ${name}`),
        ].join(';'),
      )
    })

    async function restore(
      request: PartsRestoreRequest,
      more: Partial<LoadOptions> = {},
    ): Promise<LoadReport> {
      const parts = planParts(request)
      assert.ok(parts)
      const { shape, onExisting, skipBinlog } = parts
      const reshaped = reshape(backup, shape)
      const { wholeSchemas } = reshaped
      const load = { onExisting, skipBinlog, wholeSchemas, backup: reshaped.backup, ...more }
      const report = await loadLogical({ settings: target.settings(), ...load })
      return { ...report, warnings: [...reshaped.warnings, ...report.warnings] }
    }

    function ask(sql: string): Promise<string> {
      return target.sql(`USE shop; ${sql}`)
    }

    test('rows are not added to a table whose engine cannot undo it, where the one of the backup can', async () => {
      await target.sql(
        "CREATE DATABASE crm; CREATE TABLE crm.calls (id INT PRIMARY KEY, note VARCHAR(20)) ENGINE = MyISAM; INSERT INTO crm.calls VALUES (1, 'mine')",
      )
      await assert.rejects(
        restore({ tables: ['crm.calls'], onExisting: 'append' }),
        refusal('TARGET_MISMATCH', /crm\.calls has the engine MyISAM without transactions/),
      )
      assert.equal(await target.sql('SELECT * FROM crm.calls'), '1\tmine\n')
    })

    test('a renamed schema names itself in foreign keys and views, and is what the backup says', async () => {
      const request = { rename: ['shop:copy', 'crm:other'] }
      const { warnings } = await restore(request)
      const told = warnings.join('\n')
      for (const name of ['view shop.odd', 'trigger shop.far', 'procedure shop.distant'])
        assert.match(told, new RegExp(`${name} names a schema`))
      assert.equal(warnings.length, 3, told)
      assert.equal(await target.sql("SHOW DATABASES LIKE 'shop'"), '')
      assert.equal(await target.sql('SELECT note, shop FROM copy.all_calls'), 'x\t1\n')
      assert.equal(await target.sql('SELECT COUNT(*) FROM other.buyers'), '2\n')
      assert.match(await target.sql('SHOW CREATE TABLE copy.customers'), /REFERENCES `other`\.`calls`/)
      await target.sql('UPDATE copy.orders SET total = 40 WHERE id = 3; CALL copy.near(); CALL copy.quoted()')
      assert.equal(
        await target.sql('SELECT total FROM copy.orders WHERE id = 3; SELECT copy.twice(4)'),
        '41\n8\n',
      )
      await assert.rejects(target.sql('DELETE FROM copy.customers WHERE id = 1'), /foreign key/i)
      assert.doesNotMatch(await target.sql('SHOW CREATE EVENT copy.nightly'), /shop/)
      await target.sql('UPDATE copy.orders SET total = 29 WHERE id = 3')
      const proof = { settings: target.settings(), backupId: 'b', loadWarnings: [] }
      const proven = await proveLoad({
        ...proof,
        backup: reshape(backup, {
          selection: { kind: 'everything' },
          rename: planParts(request)?.shape.rename,
        }).backup,
      })
      assert.deepEqual(proven.differences, [])
    })

    test('a table comes back beside the one that is there, with constraints of its own names', async () => {
      await restore({ schemas: ['shop', 'crm'] })
      const { warnings } = await restore({
        tables: ['shop.orders'],
        rename: ['shop.orders:shop.orders_before'],
      })
      assert.match(
        warnings.join('\n'),
        /trigger shop\.far is not restored.*\n.*trigger shop\.stamp|stamp.*\n.*far/,
      )
      assert.equal(await ask('SELECT COUNT(*) FROM orders_before'), '3\n')
      const ddl = await ask('SHOW CREATE TABLE orders_before')
      assert.match(ddl, /`orders_before_ibfk_1` FOREIGN KEY \(`customer`\) REFERENCES `customers`/)
      await restore({
        tables: ['shop.orders', 'shop.names'],
        rename: ['shop.orders:other.o', 'shop.names:other.n'],
      })
      assert.match(await target.sql('SHOW CREATE TABLE other.o'), /REFERENCES `shop`\.`customers`/)
      assert.equal(await target.sql('SELECT COUNT(*) FROM other.n'), '3\n')
      assert.match(await target.sql('SHOW CREATE VIEW other.n'), /`other`\.`o`/)
    })

    test('names that cannot be given are refused', async () => {
      for (const [request, sentence] of [
        [{ rename: ['nope:x'] }, /schema nope is not restored/],
        [{ rename: ['shop:crm'] }, /crm would be the name of two schemas/],
        [{ rename: ['shop:mysql'] }, /mysql belongs to the server/],
        [{ rename: ['shop.orders:shop.x'] }, /goes with --tables/],
        [{ tables: ['shop.orders'], rename: ['shop.plain:shop.x'] }, /shop\.plain is not restored/],
        [{ tables: ['shop.orders', 'shop.plain'], rename: ['shop.orders:shop.plain'] }, /two tables/],
        [{ rename: ['shop.orders:x'] }, /neither of schemas nor of tables/],
        [{ tables: ['shop.none'] }, /no table shop\.none/],
        [{ exclude: ['shop.none'] }, /shop\.none/],
        [{ exclude: ['none'] }, /none/],
      ] as const) {
        await assert.rejects(restore(request), refusal('USAGE', sentence), JSON.stringify(request))
      }
      assert.equal(await target.sql("SHOW DATABASES LIKE 'shop'"), '')
    })

    test('chosen tables come with their triggers, and what is excluded stays away', async () => {
      await restore({ tables: ['shop.orders', 'crm.calls'] })
      assert.equal(await ask('SHOW TABLES'), 'orders\n')
      assert.match(await ask('SHOW CREATE TRIGGER stamp'), /NEW\.total/)
      await restore({ schemas: ['shop'], exclude: ['shop.orders', 'shop.names', 'shop.odd'] })
      assert.equal(await ask('SHOW TABLES'), 'all_calls\ncustomers\norders\nplain\n')
    })

    test('what is there is refused by name, and nothing is changed', async () => {
      await target.sql(
        'CREATE DATABASE shop; CREATE TABLE shop.plain (id INT); CREATE TABLE shop.mine (id INT)',
      )
      await assert.rejects(
        restore({ schemas: ['shop'] }),
        refusal('TARGET_NOT_EMPTY', /table shop\.mine, table shop\.plain/),
      )
      await assert.rejects(
        restore({ tables: ['shop.plain'] }),
        refusal('TARGET_NOT_EMPTY', /has table shop\.plain$/),
      )
      await restore({ tables: ['shop.customers'] })
      assert.equal(await ask('SHOW TABLES'), 'customers\nmine\nplain\n')
      const trigger = 'CREATE TRIGGER stamp BEFORE UPDATE ON mine FOR EACH ROW SET @x = 1'
      await ask(trigger)
      await assert.rejects(
        restore({ tables: ['shop.orders'] }),
        refusal('TARGET_NOT_EMPTY', /trigger shop\.stamp/),
      )
    })

    test('what is dropped is what was agreed to, and no more', async () => {
      await target.sql(
        'CREATE DATABASE shop; CREATE TABLE shop.plain (id INT); CREATE TABLE shop.mine (id INT)',
      )
      const tables = { tables: ['shop.plain'], onExisting: 'drop' } as const
      await assert.rejects(restore(tables), refusal('TARGET_NOT_EMPTY', /shop\.plain, which nobody agreed/))
      await restore(tables, { agreedDrops: ['shop.plain'] })
      assert.equal(await ask('SHOW TABLES; SELECT t FROM plain WHERE id = 2'), 'mine\nplain\ntwo\n')
      const exclude = { schemas: ['shop'], exclude: ['shop.orders'], onExisting: 'drop' } as const
      await restore(exclude, { agreedDrops: ['shop.plain'] })
      assert.match(await ask('SHOW TABLES'), /mine/)
      const whole = { schemas: ['shop'], onExisting: 'drop' } as const
      await assert.rejects(
        restore(whole, { agreedDrops: ['shop.plain'] }),
        refusal('TARGET_NOT_EMPTY', /shop, which/),
      )
      await restore(whole, { agreedDrops: ['shop'] })
      assert.doesNotMatch(await ask('SHOW TABLES'), /mine/)
    })

    test('a trigger that only the table of the target has is named before it goes with the table', async () => {
      await restore({ schemas: ['shop', 'crm'] })
      await ask('CREATE TRIGGER mine BEFORE INSERT ON orders FOR EACH ROW SET @mine = 1')
      const orders = { tables: ['shop.orders'], onExisting: 'drop' } as const
      await assert.rejects(
        restore(orders, { agreedDrops: ['shop.orders'] }),
        refusal('TARGET_NOT_EMPTY', /trigger shop\.mine, which nobody agreed/),
      )
      assert.match(await ask('SHOW CREATE TRIGGER mine'), /@mine/)
      await restore(orders, { agreedDrops: ['shop.orders', 'trigger shop.mine'] })
      const triggers = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'"
      assert.equal(await target.sql(`${triggers} ORDER BY 1`), 'far\nstamp\n')
    })

    test('a schema that stays keeps its own collation, and code comes with that of the backup', async () => {
      await target.sql('CREATE DATABASE shop COLLATE latin1_german2_ci')
      await restore({ tables: ['shop.customers', 'shop.orders', 'crm.calls'] })
      const collation =
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop'"
      assert.equal(await target.sql(collation), 'latin1_german2_ci\n')
      const ofTriggers =
        "SELECT DISTINCT DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'"
      assert.equal(await target.sql(ofTriggers), await source.sql(ofTriggers))
    })

    test('rows are added to those that are there, and all of them count', async () => {
      await restore({ schemas: ['shop', 'crm'], isStructureOnly: true })
      assert.equal(await ask('SELECT COUNT(*) FROM orders'), '0\n')
      await ask(`ALTER TABLE customers MODIFY name VARCHAR(30) CHARACTER SET latin1, ADD extra INT DEFAULT 5;
        INSERT INTO customers (id, name) VALUES (7, 'old'); INSERT INTO plain VALUES (9, 'old')`)
      const { rows, tables, warnings } = await restore({ schemas: ['shop', 'crm'], onExisting: 'append' })
      assert.deepEqual([rows, tables], [8, 4])
      assert.ok(
        warnings.every((warning) => /is not restored: the target has a/.test(warning)),
        warnings.join('\n'),
      )
      assert.match(warnings.join('\n'), /view shop\.names/)
      assert.equal(
        await ask('SELECT GROUP_CONCAT(id, name, COALESCE(extra, 0) ORDER BY id) FROM customers'),
        '1Änn5,2Bob5,7old5\n',
      )
      assert.equal(await ask('SELECT COUNT(*) FROM plain'), '3\n')
    })

    test('a row of the same key stops an addition, and rows that are there stay as they are', async () => {
      await restore({ schemas: ['shop', 'crm'], isStructureOnly: true })
      await ask("INSERT INTO orders VALUES (70, NULL, 'b', 1, 2)")
      const failed = restore({ tables: ['shop.orders'], onExisting: 'append' })
      await assert.rejects(failed, (error: unknown) =>
        isHoldfastError(error, 'LOAD_MISMATCH', 'SERVER_ERROR'),
      )
      assert.equal(await ask('SELECT id, total, mark FROM orders'), '70\t1\t2\n')
      await ask("INSERT INTO plain VALUES (2, 'mine')")
      const plain = restore({ tables: ['shop.plain'], onExisting: 'append' })
      await assert.rejects(plain, (error: unknown) => isHoldfastError(error, 'LOAD_MISMATCH', 'SERVER_ERROR'))
      assert.equal(await ask('SELECT t FROM plain WHERE id = 2'), 'mine\n')
      // The same row to the byte counts as nothing where it is replaced.
      await ask(
        "SET foreign_key_checks = 0; DELETE FROM orders; INSERT INTO orders VALUES (2, 1, 'b', 20, 2)",
      )
      await assert.rejects(restore({ tables: ['shop.orders'], onExisting: 'append' }))
      assert.equal(await ask('SELECT COUNT(*) FROM orders'), '1\n')
    })

    test('tables that do not fit are refused by their columns before any row comes', async () => {
      await restore({ schemas: ['shop', 'crm'], isStructureOnly: true })
      const append = { schemas: ['shop', 'crm'], onExisting: 'append' } as const
      for (const [change, sentence] of [
        ['ALTER TABLE orders DROP mark', /shop\.orders has no column mark/],
        ['ALTER TABLE orders ADD mark TINYINT', /mark of shop\.orders is tinyint.*int/],
        ['ALTER TABLE orders MODIFY mark INT UNSIGNED', /unsigned/],
        [
          'ALTER TABLE orders MODIFY mark BIGINT, ADD must INT NOT NULL',
          /must of shop\.orders has no default/,
        ],
        [
          'ALTER TABLE orders DROP must; ALTER TABLE customers MODIFY name VARCHAR(20) CHARACTER SET cp1250',
          /cp1250.*latin1/,
        ],
        [
          "ALTER TABLE customers MODIFY name VARCHAR(20) CHARACTER SET latin1; ALTER TABLE orders MODIFY kind ENUM('b', 'a', 'c')",
          /kind/,
        ],
        [
          "ALTER TABLE orders MODIFY kind ENUM('a', 'b', 'c'); CREATE TRIGGER ins AFTER INSERT ON plain FOR EACH ROW SET @x = 1",
          /trigger ins of shop\.plain/,
        ],
      ] as const) {
        await ask(change)
        await assert.rejects(restore(append), refusal('TARGET_MISMATCH', sentence), change)
      }
      assert.equal(await ask('SELECT COUNT(*) FROM orders'), '0\n')
      await ask('DROP TRIGGER ins')
      assert.equal((await restore(append)).rows, 8)
    })

    test('rows alone go into empty tables, and foreign keys that do not hold are told', async () => {
      await assert.rejects(restore({ isDataOnly: true }), refusal('TARGET_MISMATCH', /no table crm\.calls/))
      await restore({ schemas: ['shop'], isStructureOnly: true })
      const { warnings } = await restore({ tables: ['shop.orders'], isDataOnly: true })
      assert.match(warnings.join(), /3 rows of shop\.orders refer to rows that shop\.customers does not have/)
      const again = restore({ tables: ['shop.orders'], isDataOnly: true })
      await assert.rejects(again, refusal('TARGET_MISMATCH', /shop\.orders has rows already/))
    })

    test('foreign keys of a created table that do not hold with what was there are told', async () => {
      await restore({ tables: ['shop.customers', 'shop.plain'], isStructureOnly: true })
      const { warnings } = await restore({ tables: ['shop.orders', 'shop.plain'], onExisting: 'append' })
      const orphans =
        /^foreign key orders_ibfk_1: 3 rows of shop\.orders refer to rows that shop\.customers does not have$/
      assert.match(warnings.join('\n'), orphans)
      // What was not chosen may come another day.
      await ask('DROP TABLE orders, customers')
      assert.deepEqual((await restore({ tables: ['shop.orders'] })).warnings, [])
    })

    test('definers are kept, given or left to whoever restores; bodies stay as they are', async () => {
      await target.sql("CREATE USER boss@'10.%' IDENTIFIED BY 'Boss-1'; GRANT ALL ON *.* TO boss@'10.%'")
      const definers = `
        SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_NAME = 'names'
        UNION ALL SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_NAME = 'stamp'
        UNION ALL SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_NAME = 'nightly'
        UNION ALL SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_NAME IN ('near', 'twice', 'quoted')`
      for (const [definer, expected] of [
        ['boss@10.%', 'boss@10.%'],
        ["'boss'@'10.%'", 'boss@10.%'],
        ['strip', 'root@%'],
      ] as const) {
        const report = await restore(
          { schemas: ['shop', 'crm'], definer, onExisting: 'drop' },
          { agreedDrops: ['shop', 'crm'] },
        )
        assert.deepEqual(report.warnings, [])
        const [found = '', ...others] = new Set((await ask(definers)).trim().split('\n'))
        assert.deepEqual(others, [])
        if (definer === 'strip') assert.match(found, /^root@/)
        else assert.equal(found, expected)
        assert.match(await ask('CALL near()'), /^DEFINER=x PROCEDURE shop\.y\t3$/m)
      }
    })

    test('events that ran before run again after a restore with --verify, however it ends', async () => {
      const parts = planParts({ schemas: ['shop', 'crm'], onExisting: 'drop' })
      assert.ok(parts)
      const { origin, point } = backup
      const base = {
        id: 'b',
        kind: 'logical',
        method: 'dump',
        origin,
        point,
        sizes: { plainBytes: 0 },
      } as const
      const plan = {
        source: 'shop',
        flavour: target.flavour,
        wanted: { kind: 'backup', text: 'backup' },
        base,
        end: point,
        estimate: {
          isEstimate: true,
          loadSeconds: 0,
          replaySeconds: 0,
          loadBytesPerSecond: 1,
          replayBytesPerSecond: 1,
        },
        warnings: [],
        steps: [],
      } as const
      const scheduler = async () => (await target.sql('SELECT @@GLOBAL.event_scheduler')).trim()
      const meanwhile: string[] = []
      const stop = new AbortController()
      const run = (changed: Partial<BackupSource>, signal?: AbortSignal) => {
        const source: BackupSource = {
          ...backup,
          getChunk: async (...call) => {
            meanwhile.push(await scheduler())
            return backup.getChunk(...call)
          },
          object: async (...call) => {
            meanwhile.push(await scheduler())
            return backup.object(...call)
          },
          ...changed,
        }
        return restoreParts(plan, {
          settings: target.settings(),
          plan: parts,
          reshaped: reshape(source, parts.shape),
          agreedDrops: ['shop', 'crm'],
          verify: true,
          ...(signal === undefined ? {} : { signal }),
        })
      }
      await target.sql('SET GLOBAL event_scheduler = ON')
      await run({})
      // While rows are loaded, and while they are read back.
      assert.deepEqual([...new Set(meanwhile)], ['OFF'])
      assert.equal(await scheduler(), 'ON')

      await assert.rejects(run({ getChunk: lost }), refusal('VERIFY_FAILED', /a chunk is gone/))
      assert.equal(await scheduler(), 'ON')

      const interrupted: BackupSource['getChunk'] = async (...call) => {
        stop.abort()
        return backup.getChunk(...call)
      }
      await assert.rejects(run({ getChunk: interrupted }, stop.signal))
      assert.equal(await scheduler(), 'ON')

      // Rows that are not those of the backup are found when they are read back.
      const other: BackupSource['object'] = async (...call) => {
        const object = await backup.object(...call)
        return { ...object, chunks: object.chunks.map((chunk) => ({ ...chunk, rowHash: '0'.repeat(32) })) }
      }
      await assert.rejects(
        run({ object: other }),
        refusal('VERIFY_FAILED', /does not hold what backup b says/),
      )
      assert.equal(await scheduler(), 'ON')
      // What the runs noted would be gone on from.
      const noted = await target.sql("SHOW DATABASES LIKE 'holdfast\\\\_restore\\\\_%'")
      await target.sql(`DROP DATABASE ${noted.trim()}; SET GLOBAL event_scheduler = OFF`)
      await run({})
      assert.equal(await scheduler(), 'OFF')
    })

    test('a load that skips the binary log leaves no transaction in it', async () => {
      const state = 'SELECT @@GLOBAL.gtid_executed'
      const mariadb = 'SELECT @@GLOBAL.gtid_binlog_pos'
      const before = await target.sql(target.flavour === 'mysql' ? state : mariadb)
      await restore({ schemas: ['shop', 'crm'], skipBinlog: true })
      assert.equal(await target.sql(target.flavour === 'mysql' ? state : mariadb), before)
      await restore({ tables: ['crm.calls'], rename: ['crm:other'] })
      assert.notEqual(await target.sql(target.flavour === 'mysql' ? state : mariadb), before)
    })
  })
}

async function backupOf(server: TestServer): Promise<BackupSource> {
  const memory = new MemoryBackup()
  return memory.source(await dumpLogical({ settings: server.settings(), sink: memory }))
}
