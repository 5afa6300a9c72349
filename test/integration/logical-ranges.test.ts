// Every kind of key cuts a table into ranges that hold each row exactly once, by a few seeks each.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { openReadSession } from '../../src/instance/read-session.ts'
import { logicalDialectOf } from '../../src/logical/dialects.ts'
import { valueOf } from '../../src/logical/ranges/key-column.ts'
import { type KeyRange, rangeCondition, rangeSelect, rangeText } from '../../src/logical/ranges/key-range.ts'
import { type RangeKey, readRangeKey } from '../../src/logical/ranges/range-key.ts'
import { SeekSession } from '../../src/logical/ranges/seek-session.ts'
import { estimateRows } from '../../src/logical/ranges/seeks.ts'
import { splitRange } from '../../src/logical/ranges/split-range.ts'
import { TableRanges } from '../../src/logical/ranges/table-ranges.ts'
import { listRelations, readTable, type TableDefinition } from '../../src/logical/table-definition.ts'
import type { Connection } from '../../src/wire/connection.ts'
import { numberOf } from '../../src/wire/row-values.ts'
import { rangedTables, streamedTables, targetRows } from '../support/key-cases.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'

const hex = (buffer: Uint8Array) => Buffer.from(buffer).toString('hex')
const text = (unit: 'binary' | 'grapheme-ascii', maxLength: number) =>
  fc.string({ unit, maxLength }).map((value) => `_utf8mb4 X'${hex(Buffer.from(value.toWellFormed()))}'`)
const integer = (min: bigint, max: bigint) =>
  fc.oneof(fc.bigInt(min, max), fc.bigInt(0n, 100n), fc.constantFrom(min, max)).map(String)

function values(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `(${row.join(', ')})`).join(', ')
}

/** Types of a key's columns and values that they take. */
const randomColumns: readonly (readonly [string, fc.Arbitrary<string>])[] = [
  ['BIGINT', integer(-(1n << 63n), (1n << 63n) - 1n)],
  ['BIGINT UNSIGNED', integer(0n, (1n << 64n) - 1n)],
  ['TINYINT', integer(-128n, 127n)],
  ['DECIMAL(20, 5)', integer(-(10n ** 15n), 10n ** 15n).map((digits) => `${digits} / 1000`)],
  ['VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', text('binary', 12)],
  ['VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci', text('grapheme-ascii', 12)],
  ['VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', text('binary', 12)],
  ['VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german2_ci', text('grapheme-ascii', 8)],
  ['VARCHAR(40) CHARACTER SET gbk', text('binary', 8)],
  ['CHAR(12) CHARACTER SET utf32', text('binary', 12)],
  ['VARBINARY(30)', fc.uint8Array({ maxLength: 30 }).map((bytes) => `X'${hex(bytes)}'`)],
  ['BINARY(10)', fc.uint8Array({ maxLength: 10 }).map((bytes) => `X'${hex(bytes)}'`)],
  [
    'DATETIME(3)',
    fc
      .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => `'${date.toISOString().slice(0, -1)}'`),
  ],
]

const randomTable = fc
  .array(fc.constantFrom(...randomColumns), { minLength: 1, maxLength: 3 })
  .chain((columns) => {
    const row = fc.tuple(...columns.map(([, value]) => value))
    return fc.record({
      columns: fc.constant(columns.map(([type]) => type)),
      rows: fc.array(row, { minLength: 1, maxLength: 200, size: 'max' }),
      later: fc.array(row, { minLength: 1, maxLength: 100, size: 'max' }),
    })
  })

for (const kind of testedKinds) {
  describe(`key ranges (${kind})`, () => {
    let server: TestServer
    let session: Connection
    before(async () => {
      server = await startServer(kind)
      session = await openReadSession(server.settings())
    })
    after(async () => {
      await session?.close()
      await server?.[Symbol.asyncDispose]()
    })

    /** Makes the table of a case and reads its definition. */
    async function make(sql: string): Promise<TableDefinition> {
      const numbers =
        'CREATE TABLE n (i INT PRIMARY KEY); INSERT INTO n WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM d WHERE i < 99) SELECT a.i + 100 * b.i FROM d a, d b'
      await server.sql(
        `SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'; DROP DATABASE IF EXISTS r; CREATE DATABASE r; USE r; ${numbers}; ${sql}`,
      )
      const relation = (await listRelations(session, 'r')).find(({ name }) => name === 't')
      assert.ok(relation)
      return await readTable(session, logicalDialectOf(server.flavour), 'r', relation)
    }

    async function counter(name: string): Promise<number> {
      const rows = await session.query(`SHOW SESSION STATUS LIKE '${name}'`)
      return rows.reduce((sum, row) => sum + numberOf(row, 'Value'), 0)
    }

    async function cut(key: RangeKey, rows = targetRows): Promise<readonly KeyRange[]> {
      const ranges = new TableRanges(new SeekSession(session), key, { targetRows: rows })
      const found: KeyRange[] = []
      for (let range = await ranges.next(); range !== undefined; range = await ranges.next())
        found.push(range)
      return found
    }

    /** Rows of a statement as text, in order. */
    async function rowsOf(select: string): Promise<string[]> {
      const rows = await session.query(select)
      return rows
        .map((row) =>
          Object.values(row)
            .map((v) => (Buffer.isBuffer(v) ? v.toString('hex') : String(v)))
            .join('\t'),
        )
        .toSorted()
    }

    for (const { title, sql, largest = 3 * targetRows } of rangedTables.filter(
      ({ flavour }) => flavour === undefined || kind.startsWith(flavour),
    )) {
      test(`${title} are cut so that every row is in one range`, async () => {
        const table = await make(sql)
        const key = await readRangeKey(session, 'r', table)
        assert.ok(key && table.select)
        const [statementsBefore, readBefore] = [await counter('Questions'), await counter('Handler_read%')]
        const ranges = await cut(key)
        const statements = (await counter('Questions')) - statementsBefore - 2
        const read = (await counter('Handler_read%')) - readBefore
        const all = await rowsOf(table.select)
        const pieces: string[][] = []
        for (const range of ranges) {
          const select = rangeSelect(table.select, key, range)
          pieces.push(await rowsOf(select))
          const [plan] = await session.query(`EXPLAIN FORMAT=TRADITIONAL ${select}`)
          const isAsIs = rangeCondition(key, range) === ''
          if (!isAsIs)
            assert.ok(
              ['range', 'ref', 'const'].includes(String(plan?.['type'])),
              `${rangeText(key, range)}: ${String(plan?.['type'])}`,
            )
        }
        const sizes = pieces.map((piece) => piece.length)
        assert.deepEqual(pieces.flat().toSorted(), all)
        assert.ok(Math.max(...sizes) <= largest, `a range has ${Math.max(...sizes)} rows`)
        assert.ok(ranges.length <= 4 + (6 * all.length) / targetRows, `${ranges.length} ranges`)
        assert.ok(statements <= 20 * ranges.length, `${statements} statements for ${ranges.length} ranges`)
        assert.ok(read <= 60 * ranges.length + 100, `${read} rows were read for ${ranges.length} ranges`)
      })
    }

    test('random keys are in one range each, and so are those that come and go afterwards', async () => {
      await fc.assert(
        fc.asyncProperty(randomTable, async ({ columns, rows, later }) => {
          const table = await make(
            `CREATE TABLE t (${columns.map((type, at) => `k${at} ${type}`).join(', ')}, PRIMARY KEY (${columns.map((_, at) => `k${at}`).join(', ')})); INSERT IGNORE INTO t VALUES ${values(rows)}`,
          )
          const key = await readRangeKey(session, 'r', table)
          assert.ok(key && table.select)
          const ranges = await cut(key, 10)
          const check = async () => {
            const pieces: string[][] = []
            for (const range of ranges) pieces.push(await rowsOf(rangeSelect(table.select ?? '', key, range)))
            assert.deepEqual(pieces.flat().toSorted(), await rowsOf(table.select ?? ''))
            return pieces.map((piece) => piece.length)
          }
          const sizes = await check()
          const total = sizes.reduce((sum, size) => sum + size, 0)
          assert.ok(total < 30 || ranges.length > 1, `${total} rows in one range`)
          assert.ok(!sizes.includes(0) || total === 0, `ranges of ${sizes.join(', ')} rows`)
          await server.sql(
            `USE r; DELETE FROM t ORDER BY k0 LIMIT 20; INSERT IGNORE INTO t VALUES ${values(later)}`,
          )
          await check()
        }),
        { numRuns: 25 },
      )
    })

    test('a bound that the column cannot hold is not looked up by reading all rows', async () => {
      const table = await make(
        'CREATE TABLE t (k TIMESTAMP PRIMARY KEY); INSERT INTO t SELECT FROM_UNIXTIME(i + 1) FROM n',
      )
      const key = await readRangeKey(session, 'r', table)
      const [column] = key?.columns ?? []
      assert.ok(key && column)
      const range = { from: [valueOf(column, '0900-01-01 00:00:00')], below: undefined }
      const sizes = await estimateRows(new SeekSession(session), key, [range])
      const [plan] = await session.query(
        `EXPLAIN FORMAT=TRADITIONAL SELECT * FROM r.t FORCE INDEX (PRIMARY) WHERE ${rangeCondition(key, range)}`,
      )
      assert.equal(sizes === 'refused', plan?.['type'] !== 'range', String(plan?.['type']))
      if (server.flavour === 'mariadb') assert.equal(sizes, 'refused')
      const last = { from: [valueOf(column, '1970-01-01 02:40:01')], below: undefined }
      const [rows] = await estimateRows(new SeekSession(session), key, [last])
      assert.ok(Number(rows) > 200 && Number(rows) < 800, `${rows} instead of 400 rows`)
    })

    test('several callers are handed different ranges, and a failure loses none', async () => {
      const table = await make(
        'CREATE TABLE t (k INT PRIMARY KEY); INSERT INTO t SELECT i * i FROM n WHERE i < 5000',
      )
      const key = await readRangeKey(session, 'r', table)
      assert.ok(key && table.select)
      const seeks = new SeekSession(session)
      const ranges = new TableRanges(seeks, key, { targetRows })
      const found: KeyRange[] = []
      const take = async () => {
        for (let at = 0; ; at++) {
          if (at % 2 === 0) {
            await assert.rejects(ranges.next(AbortSignal.abort(new Error('enough'))), /enough/)
          }
          const range = await ranges.next()
          if (range === undefined) return
          found.push(range)
        }
      }
      await Promise.all([take(), take(), take()])
      const pieces: string[][] = []
      for (const range of found) pieces.push(await rowsOf(rangeSelect(table.select, key, range)))
      assert.ok(found.length > 10)
      assert.deepEqual(pieces.flat().toSorted(), await rowsOf(table.select))
    })

    test('a range of one row, of none, or of rows that are alike is not split', async () => {
      const table = await make(
        'CREATE TABLE t (a INT, f DOUBLE, PRIMARY KEY (a, f)); INSERT INTO t SELECT 7, i FROM n',
      )
      const key = await readRangeKey(session, 'r', table)
      assert.ok(key)
      const seeks = new SeekSession(session)
      const whole = { from: undefined, below: undefined, estimatedRows: 10_000 }
      assert.equal(await splitRange(seeks, key, whole), undefined)
      await server.sql('DELETE FROM r.t WHERE f > 0')
      assert.equal(await splitRange(seeks, key, whole), undefined)
      await server.sql('DELETE FROM r.t')
      assert.equal(await splitRange(seeks, key, whole), undefined)
      assert.equal((await cut(key)).length, 1)
    })

    for (const { title, sql } of streamedTables.filter(
      ({ flavour }) => flavour === undefined || kind.startsWith(flavour),
    )) {
      test(`${title} is read in one stream`, async () => {
        assert.equal(await readRangeKey(session, 'r', await make(sql)), undefined)
      })
    }
  })
}
