// Statements and their answers against real servers, with mysql2 as a witness that shares no code with us.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import mysql2 from 'mysql2/promise'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Connection } from '../../src/wire/connection.ts'
import type { ColumnDefinition } from '../../src/wire/packets/column-definition.ts'
import { quoteBytes, quoteIdentifier, quoteString } from '../../src/wire/quote.ts'
import type { RawRowConsumer, RawRowProgress, SqlValue } from '../../src/wire/results.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

function fails(
  code: ErrorCode,
  details: Readonly<Record<string, unknown>>,
  message = /./,
): (error: unknown) => boolean {
  return (error) => {
    assert(isHoldfastError(error), String(error))
    assert.equal(error.code, code, error.message)
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name)
    assert.match(error.message, message)
    return true
  }
}

const everyType = `CREATE TABLE w.every_type (
  id INT PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT, bi BIGINT, bu BIGINT UNSIGNED, bo BOOLEAN,
  zf INT(8) ZEROFILL, de DECIMAL(65,30), fl FLOAT, dou DOUBLE, bt BIT(64), b1 BIT(1), ye YEAR, da DATE, ti6 TIME(6), dt6 DATETIME(6),
  ts6 TIMESTAMP(6) NULL, ch CHAR(10), vc VARCHAR(200), l1 VARCHAR(20) CHARACTER SET latin1, u16 VARCHAR(20) CHARACTER SET utf16,
  bn BINARY(4), vb VARBINARY(50), tx LONGTEXT, bl LONGBLOB, en ENUM('a','é'), se SET('x','y'), js JSON, pt POINT,
  \`odd name\`\`"' é\` INT) DEFAULT CHARACTER SET utf8mb4`
const everyValue = [
  'INSERT INTO w.every_type VALUES (1,-128,255,-32768,-8388608,-9223372036854775808,18446744073709551615,TRUE,42,' +
    '-12345678901234567890123456789012345.123456789012345678901234567890,1.17549e-38,-1.7976931348623157e308,' +
    "x'8000000000000001',b'1',2155,'9999-12-31','-838:59:58.999999','1000-01-01 00:00:00.000001','2038-01-19 03:14:07'," +
    "'pad','it''s 😀','é','中',x'00ff',x'00275cff','','', 'é','x,y','{\"a\": \"é😀\"}',ST_GeomFromText('POINT(1 2)'),7)",
  'INSERT INTO w.every_type (id, zf) VALUES (2, NULL)',
  "INSERT INTO w.every_type (id,bi,bu,fl,dou,da,dt6,vc,tx,bl) VALUES (3,9007199254740991,9007199254740992,0.1,0.1,'0001-01-01'," +
    "'9999-12-31 23:59:59.999999',REPEAT('a',200),REPEAT('é',40000),REPEAT(x'fb',70000))",
]

/** A value as mysql2 gives it: it has no bigint, and gives integers a number cannot hold as text. */
function asWitness(value: SqlValue): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

eachServer('a table of every type reads the same as through mysql2', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  await connection.run("SET SESSION time_zone = '+00:00'")
  await connection.run(everyType)
  for (const statement of everyValue) await connection.run(statement)
  const witness = await mysql2.createConnection({
    host: server.host,
    port: server.port,
    user: server.user,
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
    charset: 'utf8mb4',
    typeCast: (field, next) => (field.type === 'GEOMETRY' ? field.buffer() : next()),
  })
  try {
    await witness.query("SET SESSION time_zone = '+00:00'")
    const sql = 'SELECT * FROM w.every_type ORDER BY id'
    const [expected] = await witness.query<mysql2.RowDataPacket[]>(sql)
    const found = await connection.query(sql)
    assert.equal(found.length, 3)
    for (const [index, row] of found.entries()) {
      const same = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asWitness(value)]))
      assert.deepEqual(same, { ...expected[index] }, `row ${index}`)
    }
    const [first] = found
    assert.equal(first?.['bu'], 18446744073709551615n)
    assert.equal(first?.['bi'], -9223372036854775808n)
    assert.equal(found[2]?.['bi'], 9007199254740991)
    assert.equal(found[2]?.['bu'], 9007199254740992n)
    assert.equal(first?.['odd name`"\' é'], 7)
  } finally {
    await witness.end()
  }
})

eachServer('quoted names and values come back as they were under every sql_mode', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  const texts = [
    '',
    "'",
    '"',
    '\\',
    "\\'",
    '\0',
    '%_',
    '\n\r\t\x1a',
    "é😀'\\",
    '`',
    '--',
    "\\0\\n\\\\'; DROP DATABASE w; -- ",
  ]
  const bytes = [
    Buffer.alloc(0),
    Buffer.from("'\\\0"),
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  ]
  for (const mode of ['', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES']) {
    await connection.run(`SET SESSION sql_mode = '${mode}'`)
    for (const text of texts) {
      assert.deepEqual(await connection.query(`SELECT ${quoteString(text)} AS v`), [{ v: text }], mode)
      // Names are utf8mb3, and servers cut control characters and spaces off the ends of an alias.
      const name = text.replaceAll(/[\0-\x20]|\p{Emoji_Presentation}/gu, '')
      if (name !== '')
        assert.deepEqual(await connection.query(`SELECT 1 AS ${quoteIdentifier(name)}`), [{ [name]: 1 }])
    }
    for (const value of bytes) {
      assert.deepEqual(
        await connection
          .query(`SELECT ${quoteBytes(value)} AS v, ${quoteBytes(value)} + 0 AS n`)
          .then((rows) => rows[0]?.['v']),
        value,
      )
    }
  }
})

eachServer('values and statements over 16 MiB pass both ways', async (kind) => {
  await using server = await startServer(kind, { args: ['--max-allowed-packet=128M'] })
  await using connection = await Connection.open(server.settings())
  assert.equal(connection.maxAllowedPacketBytes, 128 * 1024 * 1024)
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.big (id INT PRIMARY KEY, v LONGBLOB)')
  for (const [id, size] of [40 * 1024 * 1024, 0xffffff].entries()) {
    const value = randomBytes(size)
    // As raw bytes in the statement: quotes and backslashes are the only ones that need care.
    const statement = Buffer.concat([
      Buffer.from(`INSERT INTO w.big VALUES (${id}, _binary '`),
      escaped(value),
      Buffer.from("')"),
    ])
    await connection.run(statement)
    const [row = {}] = await connection.query(`SELECT SHA2(v, 256) AS sha, v FROM w.big WHERE id = ${id}`)
    assert.equal(row['sha'], createHash('sha256').update(value).digest('hex'), `sent ${size}`)
    assert(Buffer.isBuffer(row['v']) && value.equals(row['v']), `received ${size}`)
  }
})

function escaped(value: Buffer): Buffer {
  for (let index = 0; index < value.length; index++) {
    if (value[index] === 0x27 || value[index] === 0x5c) value[index] = 0x61
  }
  return value
}

eachServer(
  'packets whose payload is a multiple of the longest one are ended by an empty one',
  async (kind) => {
    await using server = await startServer(kind, { args: ['--max-allowed-packet=64M'] })
    await using connection = await Connection.open(server.settings())
    // A row packet of 4 bytes of length (fd + u24) or 9 (fe + u64) and the value; a statement of 1 byte of command and the text.
    for (const length of [0xffffff - 9, 0xffffff - 4, 2 * 0xffffff - 9]) {
      const [row = {}] = await connection.query(`SELECT REPEAT('a', ${length}) AS v`)
      assert.equal(String(row['v']).length, length)
    }
    for (const length of [0xffffff - 1, 2 * 0xffffff - 1]) {
      const head = 'SELECT 1 AS v /* '
      const statement = `${head}${'x'.repeat(length - head.length - 3)} */`
      assert.equal(statement.length, length)
      assert.deepEqual(await connection.query(statement), [{ v: 1 }])
    }
  },
)

eachServer('a statement longer than the server takes is refused before it is sent', async (kind) => {
  await using server = await startServer(kind, { args: ['--max-allowed-packet=1M'] })
  await using connection = await Connection.open(server.settings())
  await assert.rejects(
    connection.query(`SELECT '${'x'.repeat(1024 * 1024)}'`),
    fails('SERVER_ERROR', { errno: 1153 }, /longer than max_allowed_packet \(1048576 bytes\)/),
  )
  assert.equal((await connection.query('SELECT 1')).length, 1)
})

eachServer('several results come in order, and a failing statement ends them', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  const results = await connection.queryMulti(
    'USE w; CREATE TABLE t (a INT); INSERT INTO t VALUES (1),(2); SELECT * FROM t; DO 0',
  )
  assert.deepEqual(
    results.map((result) => (result.kind === 'ok' ? result.affectedRows : result.rows)),
    [0, 0, 2, [{ a: 1 }, { a: 2 }], 0],
  )
  await assert.rejects(
    connection.queryMulti('INSERT INTO t VALUES (3); SELECT * FROM nowhere; INSERT INTO t VALUES (4)'),
    fails('SERVER_ERROR', { errno: 1146, sqlState: '42S02' }),
  )
  assert.deepEqual(await connection.query('SELECT COUNT(*) AS n FROM t'), [{ n: 3 }])
  await connection.run('CREATE PROCEDURE p() BEGIN SELECT 1 AS a; SELECT 2 AS b; END')
  assert.deepEqual(await connection.query('CALL p()'), [{ a: 1 }])
  assert.equal((await connection.queryMulti('CALL p()')).length, 3)
  await assert.rejects(connection.query('SELECT 1; SELECT 2'), fails('SERVER_ERROR', { errno: 1064 }))
})

eachServer('errors carry number, state and statement, and never a password', async (kind) => {
  await using server = await startServer(kind, {
    users: [{ user: 'bob', password: 'b', grants: ['SELECT ON mysql.db'] }],
  })
  await using connection = await Connection.open(server.settings({ user: 'bob', password: 'b' }))
  await assert.rejects(
    connection.query('SELECT * FROM mysql.user'),
    fails('PRIVILEGE_MISSING', { errno: 1142, sqlState: '42000', statement: 'SELECT * FROM mysql.user' }),
  )
  await assert.rejects(connection.query('CREATE DATABASE no'), fails('PRIVILEGE_MISSING', { errno: 1044 }))
  await assert.rejects(
    connection.query('SET GLOBAL max_connections = 5'),
    fails('PRIVILEGE_MISSING', { errno: 1227 }),
  )
  for (const statement of [
    "CREATE USER eve IDENTIFIED BY 'geheim'",
    "ALTER USER bob IDENTIFIED BY 'geheim' oops",
    "SET PASSWORD FOR eve = 'geheim'",
    "CREATE USER eve IDENTIFIED BY 'geheim",
  ]) {
    await assert.rejects(connection.query(statement), (error) => {
      assert(isHoldfastError(error))
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error.details)} ${error.hint}`, /gehei/)
      return true
    })
  }
})

eachServer(
  'LOAD DATA LOCAL gets the stream that was offered, of any size and in any pieces',
  async (kind) => {
    await using server = await startServer(kind, { args: ['--max-allowed-packet=1M'] })
    await using connection = await Connection.open(server.settings())
    await connection.run('CREATE DATABASE w')
    await connection.run('CREATE TABLE w.t (id INT PRIMARY KEY, v VARCHAR(100))')
    const sql = "LOAD DATA LOCAL INFILE 'offered' INTO TABLE w.t"
    const pieces = [
      Buffer.from('1\tone\n2\t'),
      Buffer.alloc(0),
      Buffer.from('two\n'),
      Buffer.from('3\tthree'),
    ]
    const loaded = await connection.loadData(sql, pieces)
    assert.equal(loaded.affectedRows, 3)
    assert.match(loaded.info, /^Records: 3 {2}Deleted: 0 {2}Skipped: 0 {2}Warnings: 0$/)
    assert.equal((await connection.loadData(sql, [])).affectedRows, 0)
    let id = 4
    const many = Buffer.from(
      Array.from({ length: 50_000 }, () => `${id++}\trow number ${id}${'.'.repeat(80)}\n`).join(''),
    )
    assert(many.length > 4 * 1024 * 1024)
    assert.equal((await connection.loadData(sql, [many])).affectedRows, 50_000)
    await assert.rejects(
      connection.loadData(`${sql.replace('INTO', 'INTO')} (id, nowhere)`, [Buffer.from('x')]),
      fails('SERVER_ERROR', { errno: 1054 }),
    )
    assert.deepEqual(await connection.query('SELECT COUNT(*) AS n FROM w.t'), [{ n: 50_003 }])
  },
)

eachServer('a local file is given to no statement that did not offer one', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.t (v TEXT)')
  await assert.rejects(
    connection.run("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE w.t"),
    fails('SERVER_ERROR', { file: '/etc/hostname' }, /was not offered; it got nothing/),
  )
  assert.deepEqual(await connection.query('SELECT COUNT(*) AS n FROM w.t'), [{ n: 0 }])
})

eachServer(
  'a load whose data fails is killed, leaves no row in a transaction, and the connection goes on',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await connection.run('CREATE DATABASE w')
    await connection.run('CREATE TABLE w.t (id INT PRIMARY KEY)')
    const failure = new Error('disk gone')
    async function* breaking(): AsyncGenerator<Buffer> {
      for (let id = 0; id < 50_000; id++) yield Buffer.from(`${id}\n`)
      await Promise.resolve()
      throw failure
    }
    await connection.run('START TRANSACTION')
    await assert.rejects(
      connection.loadData("LOAD DATA LOCAL INFILE 'x' INTO TABLE w.t", breaking()),
      (error) => error === failure,
    )
    await connection.run('ROLLBACK')
    assert.deepEqual(await connection.query('SELECT COUNT(*) AS n FROM w.t'), [{ n: 0 }])
  },
)

/** Counts rows and hashes their bytes, stopping where the protocol says that the rows end. */
class RowCounter implements RawRowConsumer {
  rows = 0
  bytes = 0
  names: readonly string[] = []
  readonly hash = createHash('sha256')
  #skip = 0
  readonly #slow: ((bytes: number) => Promise<void>) | undefined

  constructor(slow?: (bytes: number) => Promise<void>) {
    this.#slow = slow
  }

  columns(definitions: readonly ColumnDefinition[]): void {
    this.names = definitions.map((definition) => definition.name)
  }

  take(bytes: Buffer): RawRowProgress {
    const progress = this.#take(bytes)
    this.bytes += progress.consumed
    this.hash.update(bytes.subarray(0, progress.consumed))
    return this.#slow === undefined ? progress : { ...progress, wait: this.#slow(progress.consumed) }
  }

  #take(bytes: Buffer): RawRowProgress {
    let offset = Math.min(this.#skip, bytes.length)
    this.#skip -= offset
    while (this.#skip === 0 && bytes.length - offset >= 5) {
      const length = bytes.readUIntLE(offset, 3)
      const first = bytes[offset + 4]
      if (first === 0xff || (first === 0xfe && length < 9)) return { consumed: offset, ended: true }
      this.rows++
      const available = Math.min(4 + length, bytes.length - offset)
      this.#skip = 4 + length - available
      offset += available
    }
    return { consumed: offset, ended: false }
  }
}

async function fillNumbers(server: TestServer, connection: Connection, rows: number): Promise<void> {
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.n (id INT PRIMARY KEY, v VARCHAR(300))')
  function* lines(): Generator<Buffer> {
    for (let id = 0; id < rows; id += 1000) {
      yield Buffer.from(
        Array.from({ length: 1000 }, (_, step) => `${id + step}\t${'v'.repeat(200)}\n`).join(''),
      )
    }
  }
  const { affectedRows } = await connection.loadData("LOAD DATA LOCAL INFILE 'x' INTO TABLE w.n", lines())
  assert.equal(affectedRows, rows, server.kind)
}

eachServer('raw rows come whole, and the connection goes on behind them', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await fillNumbers(server, connection, 100_000)
  for (let round = 0; round < 3; round++) {
    const counter = new RowCounter()
    const { columns, warnings } = await connection.queryRaw('SELECT id, v FROM w.n', counter)
    assert.deepEqual([counter.rows, warnings, counter.names], [100_000, 0, ['id', 'v']])
    assert.equal(columns.length, 2)
    assert.deepEqual(await connection.query('SELECT 1 AS a'), [{ a: 1 }])
  }
  const none = new RowCounter()
  await connection.queryRaw('SELECT * FROM w.n WHERE id < 0', none)
  assert.equal(none.rows, 0)
  await assert.rejects(connection.queryRaw('SELECT nowhere', none), fails('SERVER_ERROR', { errno: 1054 }))
  // The error comes behind rows that were sent already.
  const late = new RowCounter()
  await assert.rejects(
    connection.queryRaw(
      'SELECT IF(id < 90000, id, (SELECT id FROM w.n m WHERE m.id IN (1, 2) AND n.id > 0)) FROM w.n n ORDER BY id',
      late,
    ),
    fails('SERVER_ERROR', { errno: 1242 }),
  )
  assert.deepEqual(await connection.query('SELECT 2 AS a'), [{ a: 2 }])
})

eachServer(
  'a taker of raw rows that rests holds the server back, and memory stays as it is',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await fillNumbers(server, connection, 50_000)
    let growth: number | undefined
    const counter = new RowCounter(async () => {
      if (growth !== undefined) return
      const before = process.memoryUsage().arrayBuffers
      await new Promise((resolve) => setTimeout(resolve, 1000))
      growth = process.memoryUsage().arrayBuffers - before
    })
    await connection.queryRaw('SELECT a.id, a.v FROM w.n a JOIN (SELECT id FROM w.n WHERE id < 8) b', counter)
    assert.equal(counter.rows, 400_000)
    assert(counter.bytes > 80 * 1024 * 1024)
    // Read ahead: 1 MiB and the chunk that went past it.
    assert(growth !== undefined && growth < 4 * 1024 * 1024, `buffers grew by ${growth} bytes`)
  },
)

eachServer('a load waits for a server that does not take its data', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings({ socket: true }))
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.t (id INT, v VARCHAR(300))')
  let pieces = 0
  function* data(): Generator<Buffer> {
    server.freeze()
    for (; pieces < 1000; pieces++) yield Buffer.alloc(64 * 1024, `${pieces}\t${'w'.repeat(120)}\n`)
  }
  const loading = connection.loadData(
    "LOAD DATA LOCAL INFILE 'x' INTO TABLE w.t IGNORE 1000000 LINES",
    data(),
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  const taken = pieces
  server.thaw()
  // What the buffers of the system hold for both ends: a few MiB of the 64 there are.
  assert(taken > 0 && taken < 300, `${taken} pieces of 64 KiB were taken for a server that stood still`)
  await loading
  assert.equal(pieces, 1000)
})
