import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Archive } from '../../src/archive/archive.ts'
import {
  type KnownColumns,
  type ShowFilter,
  type ShownChange,
  showTransactions,
} from '../../src/archive/show-transactions.ts'
import type { LoggedValue } from '../../src/binlog/logged-value.ts'
import { archiveRig } from '../support/archive-rig.ts'
import { eachServer, type ServerKind, startServer, type TestServer } from '../support/servers.ts'

const run = promisify(execFile)

const unknown: KnownColumns = async () => undefined

interface Shown {
  readonly kind: string
  readonly transactionKind: string
  readonly start: number
  readonly change: ShownChange
}

async function shown(archive: Archive, filter: ShowFilter): Promise<Shown[]> {
  const found: Shown[] = []
  for await (const { transaction, changes } of showTransactions(archive, filter, unknown)) {
    for await (const change of changes)
      found.push({ kind: change.kind, transactionKind: transaction.kind, start: transaction.start, change })
  }
  return found
}

/** `kind name=value …` of the image after, or of the one before where there is no other. */
function values({ change }: Shown): Map<string, LoggedValue> {
  assert.ok('row' in change)
  const { row, table } = change
  const image = row.after ?? row.before
  assert.ok(image !== undefined)
  return new Map(
    table.columns.flatMap(({ name }, i) => (image[i] === undefined ? [] : [[name, image[i]] as const])),
  )
}

/** How a column is asked for so that the answer is what `text` makes of the logged value. */
type Column = readonly [name: string, type: string, sql: (name: string) => string, values: readonly string[]]

const plain = (name: string) => name
const asText = (name: string) => `CONVERT(${name} USING utf8mb4)`
const asBytes = (name: string) => `CONCAT('0x', HEX(${name}))`
const asBits = (bits: number) => (name: string) => `CONCAT('b\\'', LPAD(BIN(${name}), ${bits}, '0'), '\\'')`
// What a SELECT prints of a FLOAT has six digits; as a DOUBLE it has all.
const asDouble = (name: string) => `CAST(${name} AS DOUBLE)`

const columns: readonly Column[] = [
  ['b1', 'BIT(1)', asBits(1), ['1', '0', 'NULL']],
  ['b13', 'BIT(13)', asBits(13), ['8191', '4097', '0']],
  ['b64', 'BIT(64)', asBits(64), ['18446744073709551615', '1', 'NULL']],
  ['t', 'TINYINT', plain, ['-128', '127', '0']],
  ['tu', 'TINYINT UNSIGNED', plain, ['255', '128', '0']],
  ['s', 'SMALLINT', plain, ['-32768', '32767', 'NULL']],
  ['su', 'SMALLINT UNSIGNED', plain, ['65535', '32768', '0']],
  ['m', 'MEDIUMINT', plain, ['-8388608', '8388607', '-1']],
  ['mu', 'MEDIUMINT UNSIGNED', plain, ['16777215', '8388608', '0']],
  ['i', 'INT', plain, ['-2147483648', '2147483647', '-1']],
  ['iu', 'INT UNSIGNED ZEROFILL', plain, ['4294967295', '2147483648', '7']],
  ['l', 'BIGINT', plain, ['-9223372036854775808', '9223372036854775807', '-1']],
  ['lu', 'BIGINT UNSIGNED', plain, ['18446744073709551615', '9007199254740993', '7']],
  ['d1', 'DECIMAL(1,0)', plain, ['-9', '9', '0']],
  ['d2', 'DECIMAL(10,2)', plain, ['-12345678.90', '0.01', '-0.05']],
  [
    'd3',
    'DECIMAL(65,30)',
    plain,
    ['-12345678901234567890123456789012345.123456789012345678901234567891', '0', '1'],
  ],
  ['d4', 'DECIMAL(9,9)', plain, ['0.123456789', '-0.000000001', 'NULL']],
  ['d5', 'DECIMAL(20,0) UNSIGNED', plain, ['99999999999999999999', '1000000000', '0']],
  ['f', 'FLOAT', asDouble, ['3.4028235e38', '-1.17549435e-38', '16777217']],
  ['fu', 'FLOAT(7,3) UNSIGNED', asDouble, ['1.5', '0.1', '0']],
  ['d', 'DOUBLE', plain, ['1.7976931348623157e308', '-0.1', '123456789012345680']],
  ['y', 'YEAR', plain, ['1901', '2155', '0']],
  ['da', 'DATE', plain, ["'9999-12-31'", "'1000-01-01'", "'0000-00-00'"]],
  ['ti', 'TIME', plain, ["'-838:59:59'", "'838:59:59'", "'00:00:00'"]],
  ['ti1', 'TIME(1)', plain, ["'-00:00:00.1'", "'12:34:56.7'", 'NULL']],
  ['ti4', 'TIME(4)', plain, ["'-01:02:03.4567'", "'00:00:00.0001'", "'-00:00:01'"]],
  ['ti6', 'TIME(6)', plain, ["'-838:59:58.999999'", "'838:59:58.000001'", "'-00:00:00.000001'"]],
  ['dt', 'DATETIME', plain, ["'9999-12-31 23:59:59'", "'1000-01-01 00:00:00'", "'0000-00-00 00:00:00'"]],
  ['dt3', 'DATETIME(3)', plain, ["'2026-07-30 12:00:00.120'", "'2026-07-30 12:00:00.001'", 'NULL']],
  ['dt6', 'DATETIME(6)', plain, ["'2026-07-30 12:00:00.123456'", "'1999-12-31 23:59:59.000001'", 'NULL']],
  [
    'ts',
    'TIMESTAMP NULL',
    plain,
    ["'2026-07-30 12:00:00'", "'1970-01-01 00:00:01'", "'0000-00-00 00:00:00'"],
  ],
  ['ts5', 'TIMESTAMP(5) NULL', plain, ["'2026-07-30 12:00:00.12345'", "'2038-01-19 03:14:07.99999'", 'NULL']],
  ['c', 'CHAR(10)', asText, ["'short '", "'ä'", "''"]],
  ['cl', 'CHAR(255) CHARACTER SET utf8mb4', asText, ["REPEAT('𝄞', 255)", "'x'", 'NULL']],
  ['bi', 'BINARY(6)', asBytes, ["X'010200'", "X'00'", "''"]],
  ['v1', 'VARCHAR(20) CHARACTER SET latin1', asText, ["'Grüße €'", "'  '", "''"]],
  [
    'v2',
    'VARCHAR(300) CHARACTER SET utf8mb4',
    asText,
    ["REPEAT('ß', 300)", "'tab\\tnew\\nline\\\\'", 'NULL'],
  ],
  ['v3', 'VARCHAR(20) CHARACTER SET utf16', asText, ["'Ω𝄞'", "'x'", 'NULL']],
  ['v4', 'VARCHAR(20) CHARACTER SET utf32', asText, ["'Ω𝄞'", "'x'", 'NULL']],
  ['v5', 'VARCHAR(20) CHARACTER SET sjis', asText, ["'日本'", "'x'", 'NULL']],
  ['v6', 'VARCHAR(20) CHARACTER SET cp1251', asText, ["'Привет'", "'x'", 'NULL']],
  ['vb', 'VARBINARY(300)', asBytes, ["X'00FF80'", "'text'", "''"]],
  ['tt', 'TINYTEXT', asText, ["'tiny ä'", "''", 'NULL']],
  ['te', 'TEXT CHARACTER SET latin2', asText, ["'Łódź'", "''", 'NULL']],
  ['lt', 'LONGTEXT', asText, ["REPEAT('long ', 20000)", "''", 'NULL']],
  ['tb', 'TINYBLOB', asBytes, ["X'00'", "''", 'NULL']],
  ['lb', 'LONGBLOB', asBytes, ["REPEAT(X'80', 70000)", "''", 'NULL']],
  ['e', "ENUM('a','ü,x','it''s')", asText, ["'ü,x'", "'it''s'", 'NULL']],
  ['e2', "ENUM('ж','b') CHARACTER SET cp1251", asText, ["'ж'", "'b'", 'NULL']],
  ['se', "SET('x','y','z')", asText, ["'x,z'", "''", 'NULL']],
  ['g', 'GEOMETRY', asBytes, ["ST_GeomFromText('POINT(1 2)')", 'NULL', 'NULL']],
]

const document = `'{"a": [1, -2, 70000, 5000000000, 18446744073709551615, 1.5, 1.0, 1e20, 1e15, 1e14, -1.5e-15, 1e-16, 1e-7, 0.00001, -0.0, 123456.789, true, false, null, {}, []], "ä": "quo\\\\"te \\\\n ß", "bb": {"c": "${'z'.repeat(300)}"}}'`
const typed = `JSON_OBJECT('dec', CAST(12.50 AS DECIMAL(10,2)), 'neg', CAST(-0.05 AS DECIMAL(5,3)), 'date', CAST('2026-07-30' AS DATE), 'time', CAST('-12:34:56.5' AS TIME(1)),
  'at', CAST('2026-07-30 12:00:00.25' AS DATETIME(2)), 'bytes', CAST(X'00FF' AS BINARY), 'large', REPEAT('y', 70000))`

const own: Readonly<Record<'mysql' | 'mariadb', readonly Column[]>> = {
  mysql: [
    ['j', 'JSON', asText, [document, typed, '\'"text"\'']],
    ['ve', 'VECTOR(3)', asBytes, ["TO_VECTOR('[1,2,3]')", 'NULL', 'NULL']],
  ],
  mariadb: [
    ['j', 'JSON', asText, [document, "'[1]'", 'NULL']],
    ['vc', 'VARCHAR(200) COMPRESSED', asText, ["REPEAT('ä', 150)", "'x'", "''"]],
    ['bc', 'BLOB COMPRESSED', asBytes, ["REPEAT(X'80', 500)", "X'01'", "''"]],
    [
      'u',
      'UUID',
      (name) => `CONCAT('0x', HEX(CAST(${name} AS BINARY(16))))`,
      ["'123e4567-e89b-12d3-a456-426614174000'", 'NULL', 'NULL'],
    ],
    [
      'i6',
      'INET6',
      (name) => `CONCAT('0x', HEX(CAST(${name} AS BINARY(16))))`,
      ["'2001:db8::1'", "'::'", 'NULL'],
    ],
  ],
}

/** What is said of these stands behind what is said of every other type. */
const last: readonly Column[] = [
  ['zt', 'VARCHAR(30) CHARACTER SET utf8mb4', asText, ["'last'", "'ä'", 'NULL']],
  ['zl', 'TEXT CHARACTER SET latin1', asText, ["'ä'", "'ö'", 'NULL']],
  ['zb', 'BLOB', asBytes, ["'bytes'", "X'00'", 'NULL']],
  ['zn', 'TINYINT UNSIGNED', plain, ['255', '128', 'NULL']],
  ['zs', 'TINYINT', plain, ['-1', '127', 'NULL']],
  ['zu', 'BIGINT UNSIGNED', plain, ['18446744073709551615', '0', 'NULL']],
  ['ze', "ENUM('last','ö') CHARACTER SET latin1", asText, ["'ö'", "'last'", 'NULL']],
]

/** As the expressions above print it. */
function text(value: LoggedValue | undefined): string | null {
  if (value === null) return null
  if (typeof value === 'object') {
    assert.ok('base64' in value, JSON.stringify(value))
    return `0x${Buffer.from(value.base64, 'base64').toString('hex').toUpperCase()}`
  }
  return String(value)
}

/** The rows of a table as its server selects them, in the order of `id`. */
async function selected(server: TestServer, all: readonly Column[]): Promise<(string | null)[][]> {
  const expressions = all.map(([name, , sql]) => `HEX(CONVERT(${sql(name)} USING utf8mb4))`)
  const out = await server.sql(
    `SET time_zone = '+00:00'; SELECT ${expressions.join(', ')} FROM d.types ORDER BY id`,
  )
  return out
    .trimEnd()
    .split('\n')
    .map((line) =>
      line.split('\t').map((cell) => (cell === 'NULL' ? null : Buffer.from(cell, 'hex').toString('utf8'))),
    )
}

// Types that the server's own program prints in full, and in the same way but for what `toolText` turns.
const comparedTypes = /^(?:BIT|TINYINT|SMALLINT|INT|BIGINT|DECIMAL|YEAR|DATE|TIME|DATETIME)\b/

/** The first row of the table as the server's own program for logs prints it, and the names of its columns. */
async function toolRow(server: TestServer) {
  const [program, ...args] = server.programs.binlogTool
  const file = path.join(server.dataDir, 'binlog.000001')
  const { stdout } = await run(program, [...args, '--verbose', '--print-table-metadata', file], {
    maxBuffer: 64 * 1024 * 1024,
  })
  const names = /^# Columns\((.*?)^# Primary Key/ms.exec(stdout)?.[1] ?? ''
  const row = /^### INSERT INTO `d`\.`types`\n### SET\n(.*?)\n(?!###)/ms.exec(stdout)?.[1] ?? ''
  return {
    names: [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    cells: new Map([...row.matchAll(/^### {3}@(\d+)=(.*)$/gm)].map(([, n, cell]) => [Number(n), cell ?? ''])),
  }
}

/** `-1 (255)` is 255 in an unsigned column, and a date has colons. */
function toolText(cell: string, type: string): string {
  const [, signed = '', unsigned] = /^(-?\d+)(?: \((\d+)\))?$/.exec(cell) ?? []
  if (signed !== '') return type.includes('UNSIGNED') ? (unsigned ?? signed) : signed
  const plainText = cell.replace(/^'(.*)'$/, '$1')
  return type === 'DATE' ? plainText.replaceAll(':', '-') : plainText
}

/** The same number, however it is written. */
const numbers: Readonly<Record<string, (text: string) => number>> = {
  f: (each) => Math.fround(Number(each)),
  fu: (each) => Math.fround(Number(each)),
  d: Number,
  iu: Number,
}

function assertSame(name: string, found: string | null, expected: string | null): void {
  const number = numbers[name]
  if (number === undefined || found === null || expected === null) assert.equal(found, expected, name)
  else assert.equal(number(found), number(expected), name)
}

function ownColumns(kind: ServerKind): readonly Column[] {
  return [...columns, ...own[kind.startsWith('mysql') ? 'mysql' : 'mariadb'], ...last]
}

eachServer('the values shown of every type are those that the server selects', async (kind) => {
  await using server = await startServer(kind, { args: ['--binlog-row-metadata=FULL'] })
  await using rig = await archiveRig(server)
  const all = ownColumns(kind)
  const rows = [0, 1, 2].map((row) => `(${row + 1}, ${all.map(([, , , each]) => each[row]).join(', ')})`)
  await server.sql(`SET NAMES utf8mb4; SET sql_mode = '', time_zone = '+00:00'; CREATE DATABASE d CHARACTER SET utf8mb4;
    CREATE TABLE d.types (id INT PRIMARY KEY, ${all.map(([name, type]) => `${name} ${type}`).join(', ')});
    ${rows.map((row) => `INSERT INTO d.types VALUES ${row};`).join('\n')}
    UPDATE d.types SET t = t, i = 5, vb = 'new';`)
  await rig.catchUp()
  const archive = await Archive.open(rig.source)
  const changes = await shown(archive, { table: 'd.types' })
  const inserts = changes.filter(({ kind: each }) => each === 'insert')
  const updates = changes.filter(({ kind: each }) => each === 'update')
  assert.deepEqual([inserts.length, updates.length], [3, 3])
  const tool = await toolRow(server)
  assert.deepEqual(tool.names, ['id', ...all.map(([name]) => name)])
  // The program of MySQL stops at a vector.
  const compared = columns.filter(([, type]) => comparedTypes.test(type))
  assert.ok(compared.length > 20)
  for (const column of compared) {
    const [name, type] = column
    assert.equal(
      text(values(inserts[0]!).get(name)),
      toolText(tool.cells.get(all.indexOf(column) + 2) ?? '', type),
      name,
    )
  }
  const expected = await selected(server, all)
  for (const [row, cells] of expected.entries()) {
    const [inserted, updated] = [values(inserts[row]!), values(updates[row]!)]
    assert.deepEqual([...updated.keys()], ['id', ...all.map(([name]) => name)])
    for (const [i, [name]] of all.entries()) {
      assertSame(name, text(updated.get(name)), cells[i]!)
      if (!['i', 'vb'].includes(name)) assertSame(name, text(inserted.get(name)), cells[i]!)
    }
  }
})

/** `kind before -> after`, each as JSON by name; statements as they stand. */
function line({ change }: Shown): string {
  if (change.kind === 'statement' || change.kind === 'origin') return `${change.kind} ${change.statement}`
  assert.ok('row' in change)
  const { row, table } = change
  const image = (values: typeof row.after) =>
    values === undefined
      ? []
      : [JSON.stringify(Object.fromEntries(table.columns.map(({ name }, i) => [name, values[i]])))]
  return [change.kind, ...image(row.before), ...image(row.after)].join(' ')
}

eachServer('what is not in the log is not shown: names, signs, columns of small row images', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  const isMysql = server.flavour === 'mysql'
  await server.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, n INT UNSIGNED, e ENUM('a','b'), v VARCHAR(20));
    SET binlog_row_image = MINIMAL;
    INSERT INTO d.t VALUES (1, 4294967295, 'b', 'one');
    UPDATE d.t SET n = 7 WHERE id = 1;
    DELETE FROM d.t`)
  await rig.catchUp()
  const changes = await shown(await Archive.open(rig.source), { table: 'd.t' })
  const lines = changes.map(line).filter((each) => !/^(?:statement|origin)/.test(each))
  const big = isMysql ? '4294967295' : '{"signed":-1,"unsigned":4294967295}'
  assert.deepEqual(lines, [
    `insert {"@1":1,"@2":${big},"@3":{"label":2},"@4":"one"}`,
    'update {"@1":1} {"@2":7}',
    'delete {"@1":1}',
  ])
})

eachServer('compressed events, XA, statements and narrowed searches are shown', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  const args = isMysql
    ? ['--binlog-transaction-compression=ON']
    : ['--log-bin-compress=ON', '--log-bin-compress-min-len=10']
  await using server = await startServer(kind, { args: ['--binlog-row-metadata=FULL', ...args] })
  await using rig = await archiveRig(server)
  await server.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(200)); CREATE TABLE d.u (id INT);
    INSERT INTO d.t VALUES (1, REPEAT('x', 100)), (2, NULL);
    XA START 'one'; UPDATE d.t SET v = 'xa' WHERE id = 2; XA END 'one'; XA PREPARE 'one'; XA COMMIT 'one';
    BEGIN; DELETE FROM d.t WHERE id = 1; INSERT INTO d.u VALUES (5); COMMIT;
    SET SESSION binlog_format = STATEMENT; USE d; UPDATE t SET v = 'by statement';`)
  await rig.catchUp()
  const archive = await Archive.open(rig.source)
  const all = (await shown(archive, {})).filter(({ kind: each }) => each !== 'origin')
  const rows = all.filter(({ kind: each }) => each !== 'statement')
  assert.deepEqual(rows.map(line), [
    `insert {"id":1,"v":"${'x'.repeat(100)}"}`,
    'insert {"id":2,"v":null}',
    'update {"id":2,"v":null} {"id":2,"v":"xa"}',
    `delete {"id":1,"v":"${'x'.repeat(100)}"}`,
    'insert {"id":5}',
  ])
  // Nobody looks into a compressed payload to say what kind of transaction it is.
  assert.equal(rows[2]?.transactionKind, isMysql ? 'dml' : 'xa-prepare')
  assert.ok(all.some((each) => line(each).startsWith('statement XA COMMIT')))
  assert.equal(all.map(line).at(-1), "statement UPDATE t SET v = 'by statement'")

  const lines = async (filter: ShowFilter) =>
    (await shown(archive, filter)).filter(({ kind: each }) => each !== 'origin').map(line)
  assert.deepEqual(await lines({ table: 'd.u' }), [
    'statement CREATE DATABASE d',
    'statement CREATE TABLE d.u (id INT)',
    'insert {"id":5}',
  ])
  assert.equal((await lines({ kind: 'ddl' })).length, 3)
  assert.deepEqual(await lines({ kind: 'delete' }), [line(rows[3]!)])
  assert.deepEqual(await lines({ kind: 'update', table: 'd' }), [line(rows[2]), line(all.at(-1)!)])
  const file = archive.segments[0]!.index.file
  const from = { file, offset: rows[2].start }
  const to = { file, offset: rows[3]!.start }
  const narrowed = (await lines({ from, to })).filter((each) => !each.startsWith('statement XA'))
  assert.deepEqual(narrowed, [line(rows[2])])
  assert.deepEqual(await lines({ untilMicros: 1 }), [])
})

test('changes of JSON are applied to what the log has before them, and shown where it has nothing', async () => {
  await using server = await startServer('mysql-9.7', { args: ['--binlog-row-metadata=FULL'] })
  await using rig = await archiveRig(server)
  const changes = [
    "JSON_SET(j, '$.a.b[1]', 9.5)",
    "JSON_REPLACE(j, '$.\"quoted \\\\\"name\"', JSON_OBJECT('n', NULL))",
    "JSON_REMOVE(j, '$.a.b[0]')",
    "JSON_ARRAY_INSERT(j, '$.a.b[0]', 'new')",
    "JSON_INSERT(j, '$.aa', TRUE)",
  ]
  await server.sql(`CREATE DATABASE d; CREATE TABLE d.j (id INT PRIMARY KEY, other JSON, j JSON);
    INSERT INTO d.j VALUES (1, NULL, '{"a": {"b": [1, 2, 3]}, "quoted \\\\"name": 1, "long": "${'z'.repeat(300)}"}');
    SET binlog_row_value_options = PARTIAL_JSON;`)
  const expected: string[] = []
  for (const change of changes) {
    await server.sql(`SET binlog_row_value_options = PARTIAL_JSON; UPDATE d.j SET j = ${change}`)
    expected.push((await server.sql('SELECT HEX(CONVERT(j USING utf8mb4)) FROM d.j')).trim())
  }
  await server.sql(`SET binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL;
    UPDATE d.j SET j = JSON_SET(j, '$.a.b[0]', 'last')`)
  await rig.catchUp()
  const updates = await shown(await Archive.open(rig.source), { table: 'd.j', kind: 'update' })
  const documents = updates.map((each) => values(each).get('j'))
  const shownChanges = documents.pop()
  assert.deepEqual(
    documents,
    expected.map((hex) => Buffer.from(hex, 'hex').toString('utf8')),
  )
  assert.deepEqual(shownChanges, {
    jsonChanges: [{ operation: 'replace', path: '$.a.b[0]', value: '"last"' }],
  })
})
