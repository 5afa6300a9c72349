// What a backup leaves out or masks: exactly that, told in its content, and never taken for a base of a replay.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BackupResult } from '../../src/core/backup.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { type FilterRequest, parseFilters } from '../../src/operations/parse-filters.ts'
import { type PartsRequest, parseSelection } from '../../src/operations/parse-selection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'

const shop = `
  CREATE DATABASE shop; CREATE DATABASE crm; USE shop;
  CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, mail VARCHAR(60), nick VARCHAR(40) CHARACTER SET latin1,
    wide VARCHAR(30) CHARACTER SET utf16, token BINARY(16), born DATE, age TINYINT UNSIGNED, score INT UNSIGNED NOT NULL,
    grade ENUM('ä', 'b'), boss INT, doc JSON, code VARCHAR(40), UNIQUE KEY mails (mail), UNIQUE KEY codes (code(10)),
    KEY scores (score), CONSTRAINT bosses FOREIGN KEY (boss) REFERENCES customers (id), CONSTRAINT sane CHECK (score < 4000000000),
    upper_name VARCHAR(40) GENERATED ALWAYS AS (UPPER(name)) VIRTUAL);
  INSERT INTO customers (id, name, mail, nick, wide, token, born, age, score, grade, boss, doc, code) VALUES
    (1, 'Ann', 'ann@shop.test', 'ä', 'ω', 0x00112233445566778899AABBCCDDEEFF, '1980-01-02', 44, 7, 'ä', NULL, '{"a": 1}', 'one'),
    (2, 'Bob', 'bob@shop.test', NULL, NULL, NULL, NULL, NULL, 8, 'b', 1, NULL, NULL),
    (3, 'Ann', NULL, 'ä', 'ω', 0x00112233445566778899AABBCCDDEEFE, '1980-01-02', 44, 7, 'ä', 1, '{"a": 2}', 'three');
  CREATE TABLE orders (id INT PRIMARY KEY, customer INT, created DATE NOT NULL, note VARCHAR(20));
  INSERT INTO orders VALUES (1, 1, '2026-01-01', 'a'), (2, 1, '2026-02-01', 'b'), (3, 2, '2026-03-01', 'c');
  CREATE TABLE log (id INT PRIMARY KEY); INSERT INTO log VALUES (1);
  CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = COALESCE(NEW.note, '-');
  CREATE VIEW late AS SELECT id FROM orders WHERE created > '2026-01-15'; CREATE VIEW logged AS SELECT * FROM log;
  CREATE PROCEDURE p() SELECT 1; CREATE TABLE crm.calls (id INT PRIMARY KEY)`

interface Taken {
  readonly memory: MemoryBackup
  readonly result: BackupResult
}

async function take(server: TestServer, request: PartsRequest & FilterRequest): Promise<Taken> {
  const memory = new MemoryBackup()
  const result = await dumpLogical({
    settings: server.settings(),
    sink: memory,
    selection: parseSelection(request),
    filters: await parseFilters(request),
    // Cut into ranges as large tables are.
    worth: { threadBytes: 1, rangeBytes: 1 },
  })
  return { memory, result }
}

/** Of each progress event. */
async function totals(server: TestServer, request: FilterRequest): Promise<readonly (number | undefined)[]> {
  const told: (number | undefined)[] = []
  await dumpLogical({
    settings: server.settings(),
    sink: new MemoryBackup(),
    filters: await parseFilters(request),
    emit: (event) => {
      if (event.type === 'progress') told.push(event.total)
    },
  })
  assert.ok(told.length > 0)
  return told
}

function namesOf({ result }: Taken): Record<string, readonly string[]> {
  const { schemas } = parseLogicalContent(result.content)
  return Object.fromEntries(schemas.map((schema) => [schema.name, schema.tables.map(({ name }) => name)]))
}

function firstName({ memory, result }: Taken): string | undefined {
  return memory.text(result, 'shop/customers').split('\n')[0]?.split('\t')[1]
}

function refusal(sentence: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(isHoldfastError(error, 'USAGE'), String(error))
    assert.match(error.message, sentence)
    return true
  }
}

const keyFile = import.meta.filename

for (const kind of testedKinds) {
  describe(`filters of a backup (${kind})`, () => {
    let source: TestServer
    let target: TestServer
    before(async () => {
      source = await startServer(kind, { sql: shop })
      target = await startServer(kind)
    })
    after(async () => {
      await source[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
    })

    async function restored({ memory, result }: Taken): Promise<void> {
      await target.sql('DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS crm')
      await loadLogical({ settings: target.settings(), backup: memory.source(result) })
    }

    test('no total is promised where a condition leaves out rows', async () => {
      assert.ok(!(await totals(source, {})).includes(undefined))
      const some = await totals(source, { where: ['shop.customers:id < 2'] })
      // Only when all is read it is known what it came to.
      assert.deepEqual([...new Set(some.slice(0, -1))], [undefined])
      assert.ok(some.at(-1) !== undefined)
    })

    test('--exclude leaves out schemas and tables, and the backup is one of a part', async () => {
      const all = await take(source, {})
      assert.deepEqual(namesOf(all), { crm: ['calls'], shop: ['customers', 'log', 'orders'] })
      assert.equal(all.result.isPartial, false)
      const some = await take(source, { exclude: ['crm', 'shop.log'] })
      assert.deepEqual(namesOf(some), { shop: ['customers', 'orders'] })
      assert.equal(some.result.isPartial, true)
      assert.ok(parseLogicalContent(some.result.content).accounts)
      const one = await take(source, { schemas: ['shop'], exclude: ['shop.log'] })
      assert.deepEqual(namesOf(one), { shop: ['customers', 'orders'] })
      await restored(one)
      // The view of the excluded table is told, the others come.
      assert.equal(await target.sql('SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.late'), '2,3\n')
    })

    test('--exclude of what is not there or not chosen is refused by name', async () => {
      await assert.rejects(take(source, { exclude: ['crm', 'shop.lgo'] }), refusal(/table shop\.lgo/))
      await assert.rejects(take(source, { exclude: ['nope'] }), refusal(/schema nope/))
      await assert.rejects(take(source, { schemas: ['shop'], exclude: ['crm'] }), refusal(/schema crm/))
      await assert.rejects(take(source, { schemas: ['crm'], exclude: ['crm'] }), refusal(/leaves nothing/))
    })

    test('--where takes the rows of its table for which it is true, and says so', async () => {
      const where = ["shop.orders:note = 'x' OR created >= '2026-02-01' -- late ones", 'shop.log:id > 5']
      const some = await take(source, { where })
      const tables = parseLogicalContent(some.result.content).schemas.flatMap((schema) => schema.tables)
      assert.deepEqual(
        tables.map(({ name, rows, where }) => [name, rows, where]),
        [
          ['calls', 0, undefined],
          ['customers', 3, undefined],
          ['log', 0, 'id > 5'],
          ['orders', 2, "note = 'x' OR created >= '2026-02-01' -- late ones"],
        ],
      )
      assert.equal(some.result.isPartial, true)
      await restored(some)
      assert.equal(await target.sql('SELECT GROUP_CONCAT(id, note ORDER BY id) FROM shop.orders'), '2b,3c\n')
    })

    test('--where that is no whole condition of a table is refused', async () => {
      for (const [rule, sentence] of [
        ['shop.orders:1) OR (1', /do not close/],
        ['shop.orders:id > 1 /*', /do not close/],
        ["shop.orders:note = 'a", /do not close/],
        ['shop.orders:id > 1; DROP TABLE x', /do not close/],
        ['shop.orders:nope > 1', /nope/],
        ['shop.orders:id >', /syntax/],
        ['shop.late:id > 1', /shop\.late is not a table/],
        ['shop.none:id > 1', /shop\.none is not a table/],
      ] as const) {
        await assert.rejects(take(source, { where: [rule] }), refusal(sentence), rule)
      }
      const twice = { where: ['shop.orders:id > 1', 'shop.orders:id < 9'] }
      await assert.rejects(take(source, twice), refusal(/more than once/))
      assert.match(await source.sql('SHOW TABLES FROM shop'), /log/)
    })

    test('--structure-only has all definitions and no row', async () => {
      const bare = await take(source, { isStructureOnly: true })
      assert.equal(bare.result.isPartial, true)
      assert.deepEqual(bare.result.objects, [])
      await restored(bare)
      assert.equal(await target.sql('SELECT COUNT(*) FROM shop.customers'), '0\n')
      assert.match(await target.sql('SHOW CREATE TRIGGER shop.t; SHOW CREATE PROCEDURE shop.p'), /COALESCE/)
      const both = { isStructureOnly: true, where: ['shop.orders:id > 1'] }
      await assert.rejects(take(source, both), refusal(/--structure-only/))
    })

    test('--data-only has rows and neither code nor accounts', async () => {
      const rows = await take(source, { isDataOnly: true })
      assert.equal(rows.result.isPartial, true)
      const content = parseLogicalContent(rows.result.content)
      assert.equal(content.parts, 'data')
      assert.equal(content.accounts, undefined)
      for (const schema of content.schemas) {
        assert.deepEqual([...schema.views, ...schema.routines, ...schema.events], [])
        for (const table of schema.tables) assert.deepEqual(table.triggers, [])
      }
      assert.match(rows.memory.text(rows.result, 'shop/orders'), /^1\t1\t2026-01-01\ta\n/)
    })

    test('masks stand in place of the values, and NULL stays NULL', async () => {
      const masks = [
        'shop.customers.name:hash',
        'shop.customers.mail:email',
        "shop.customers.nick:constant:ö'\\",
        'shop.customers.wide:hash',
        'shop.customers.token:hash',
        'shop.customers.born:constant:2000-01-01',
        'shop.customers.age:random-int:20-29',
        'shop.customers.grade:constant:b',
        'shop.customers.doc:constant:{}',
        'shop.orders.note:random-text:5',
        'shop.orders.customer:hash',
      ]
      const masked = await take(source, { masks, maskKeyFile: keyFile })
      assert.equal(masked.result.isPartial, true)
      const text = masked.memory.text(masked.result, 'shop/customers')
      assert.doesNotMatch(text, /Ann|Bob|shop\.test|1980|"a"/)
      assert.doesNotMatch(JSON.stringify(masked.result.content), /"ranges"/)
      await restored(masked)
      const rows = await target.sql(`
        SELECT id, LENGTH(name), name = (SELECT name FROM shop.customers WHERE id = 1), mail, nick, CHAR_LENGTH(wide), LENGTH(token), born,
          age BETWEEN 20 AND 29, grade, doc, score, code FROM shop.customers ORDER BY id`)
      const [ann, bob, anna] = rows
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
      assert.deepEqual(ann?.with(3, ''), [
        '1',
        '40',
        '1',
        '',
        "ö'\\",
        '30',
        '16',
        '2000-01-01',
        '1',
        'b',
        '{}',
        '7',
        'one',
      ])
      assert.match(ann?.[3] ?? '', /^u[0-9a-f]{32}@example\.com$/)
      const nulls = 'NULL'
      assert.deepEqual(bob?.with(3, ''), [
        '2',
        '40',
        '0',
        '',
        nulls,
        nulls,
        nulls,
        nulls,
        nulls,
        'b',
        nulls,
        '8',
        nulls,
      ])
      assert.equal(anna?.[2], '1', 'the same value hashes alike')
      assert.equal(anna?.[3], 'NULL')
      assert.equal(
        await target.sql("SELECT COUNT(*) FROM shop.orders WHERE note REGEXP '^[0-9a-f]{5}$'"),
        '3\n',
      )
      assert.equal(await target.sql('SELECT COUNT(DISTINCT customer) FROM shop.orders'), '2\n')
      const again = await take(source, { masks, maskKeyFile: keyFile })
      assert.equal(firstName(again), firstName(masked), 'the same key makes the same values')
      const other = await take(source, { masks, maskKeyFile: process.execPath })
      assert.notEqual(firstName(other), firstName(masked), 'another key makes others')
    })

    test('masks that would break a key, or do not fit, are refused by the name of the column', async () => {
      for (const [rule, sentence] of [
        ['id:hash', /customers\.id is needed for foreign key bosses/],
        ['boss:null', /foreign key bosses/],
        ['name:null', /NOT NULL/],
        ['mail:constant:x', /unique key mails.*duplicates/],
        ['mail:random-text', /unique key mails/],
        ['code:hash', /unique key codes/],
        ['score:random-int', /CHECK/],
        ['age:hash', /does not fit/],
        ['age:random-int:0-256', /0 to 255/],
        ['age:constant:x', /does not fit/],
        ['born:constant:2000-13-01', /does not fit/],
        ['born:random-text', /does not fit/],
        ['grade:constant:c', /does not fit/],
        ['nick:constant:ω', /latin1/],
        ['doc:constant:{', /does not fit/],
        ['upper_name:hash', /stored columns/],
        ['none:hash', /stored columns/],
      ] as const) {
        const request = { masks: [`shop.customers.${rule}`], maskKeyFile: keyFile }
        await assert.rejects(take(source, request), refusal(sentence), rule)
      }
      await assert.rejects(take(source, { masks: ['shop.log.id:hash'] }), refusal(/needs a key/))
      await assert.rejects(take(source, { masks: ['shop.none.id:null'] }), refusal(/shop\.none is not/))
      await assert.rejects(take(source, { masks: ['shop.log.id:scramble'] }), refusal(/no way to mask/))
    })
  })
}
