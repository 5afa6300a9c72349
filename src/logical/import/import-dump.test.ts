import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type TakenDump, takeDump } from '../../../test/support/memory-dump.ts'
import { type ErrorCode } from '../../core/error-codes.table.ts'
import { isHoldfastError } from '../../core/errors.ts'

const head = `-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version\t8.0.36

/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET TIME_ZONE='+00:00' */;
`
const mariadbHead = head.replace('MySQL dump', 'MariaDB dump').replaceAll('8.0.36', '10.11.6-MariaDB')
const tail = '\n-- Dump completed on 2026-01-02  3:04:05\n'

function dump(sql: string, { first = head, last = tail } = {}): Promise<TakenDump> {
  return takeDump('mysqldump', { 'dump.sql': `${first}${sql}${last}` })
}

function rejects(taking: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  return assert.rejects(taking, (error: unknown) => {
    assert.ok(isHoldfastError(error, code), String(error))
    assert.match(error.message, message)
    return true
  })
}

function tableOf({ content }: TakenDump, name = 't') {
  const [schema] = content.schemas
  const table = schema?.tables.find((candidate) => candidate.name === name)
  assert.ok(table)
  return table
}

function encodings(taken: TakenDump, name?: string): readonly string[] {
  return tableOf(taken, name).columns.map((column) => `${column.name} ${column.encoding}`)
}

test('rows become text for LOAD DATA, in chunks with their number', async () => {
  const taken = await dump(
    "CREATE TABLE `t` (`id` int, `v` varchar(9)) DEFAULT CHARSET=utf8mb4;\nINSERT INTO `t` VALUES (1,'a\\tb'),(2,'it''s \\\"x\\\"'),(3,NULL);INSERT INTO `t` VALUES (4,'\\\\\\n\\0');",
  )
  assert.equal(taken.text('shop/t'), '1\ta\\tb\n2\tit\'s "x"\n3\t\\N\n4\t\\\\\\n\\0\n')
  assert.deepEqual([taken.schemas, taken.tables, taken.rows, tableOf(taken).rows], [1, 1, 4, 4])
  const [object] = taken.result.objects
  assert.equal(
    object?.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    4,
  )
  assert.deepEqual(encodings(taken), ['id plain', 'v plain'])
})

const escaped: Readonly<Record<string, string>> = { '\0': '\\0', '\t': '\\t', '\n': '\\n', '\\': '\\\\' }

test('any bytes come through as they are', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  await fc.assert(
    fc.asyncProperty(
      fc.array(bytes, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 999 }),
      async (cells, pieceBytes) => {
        const hex = cells.map((cell) => (cell.length === 0 ? "('')" : `(0x${cell.toString('hex')})`))
        const quoted = cells.map((cell) =>
          Buffer.concat([
            Buffer.from("(_binary '"),
            ...Array.from(cell, (byte) =>
              Buffer.from(byte === 0 ? '\\0' : byte === 0x27 || byte === 0x5c ? [0x5c, byte] : [byte]),
            ),
            Buffer.from("')"),
          ]),
        )
        const sql = Buffer.concat([
          Buffer.from(
            `${head}CREATE TABLE \`t\` (\`b\` blob);INSERT INTO \`t\` VALUES ${hex.join(',')};INSERT INTO \`t\` VALUES `,
          ),
          ...quoted.flatMap((row, at) => (at === 0 ? [row] : [Buffer.from(','), row])),
          Buffer.from(`;${tail}`),
        ])
        const taken = await takeDump('mysqldump', { 'dump.sql': sql }, { pieceBytes })
        const text = cells
          .map(
            (cell) => `${cell.toString('latin1').replaceAll(/[\0\t\n\\]/g, (char) => escaped[char] ?? '')}\n`,
          )
          .join('')
        assert.equal(taken.text('shop/t'), text + text)
      },
    ),
    { numRuns: 20 },
  )
})

test('a row longer than a packet, and than a chunk, comes through', async () => {
  const long = 'x'.repeat(17 * 1024 * 1024)
  const taken = await takeDump(
    'mysqldump',
    {
      'dump.sql': `${head}CREATE TABLE \`t\` (\`a\` int, \`v\` longtext);INSERT INTO \`t\` VALUES (1,'a'),(2,'${long}'),(3,'b');${tail}`,
    },
    { pieceBytes: 1024 * 1024 },
  )
  assert.equal(taken.text('shop/t'), `1\ta\n2\t${long}\n3\tb\n`)
  assert.equal(tableOf(taken).rows, 3)
})

test('text of a column in another character set is left to the target to convert', async () => {
  const taken = await dump(
    "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET latin1, `b` text COLLATE sjis_japanese_ci, `c` varchar(9), `d` varbinary(9), `e` char(1) CHARACTER SET ascii) DEFAULT CHARSET=utf8mb3;INSERT INTO `t` VALUES ('é','表','é','é','e');",
  )
  assert.deepEqual(encodings(taken), ['a utf8', 'b utf8', 'c plain', 'd plain', 'e plain'])
  assert.equal(Buffer.from(taken.text('shop/t'), 'latin1').toString(), 'é\t表\té\té\te\n')
})

test('members of an ENUM that its text cannot tell apart are numbers', async () => {
  const taken = await dump(
    "CREATE TABLE `t` (`e` enum('a','b'), `f` enum('','x'), `s` set('','y','z'), `g` enum('ä','ö') CHARACTER SET latin1, `h` set('ä','ö') CHARACTER SET latin1) DEFAULT CHARSET=utf8mb4;INSERT INTO `t` VALUES ('a','x','y,z','ö','ä,ö'),('','','','',NULL);",
  )
  assert.deepEqual(encodings(taken), ['e enum', 'f number', 's number', 'g number', 'h number'])
  assert.equal(taken.text('shop/t'), 'a\t2\t6\t2\t3\n\t1\t1\t0\t\\N\n')
})

test('columns that are computed have no cell, and hidden ones only where they are named', async () => {
  const ddl =
    "CREATE TABLE `t` (`a` int, `v` int GENERATED ALWAYS AS ((`a` * 2)) VIRTUAL, `h` int DEFAULT (1) /*!80023 INVISIBLE */, `s` int GENERATED ALWAYS AS (concat(`a`,_utf8mb4' AS (')) STORED NOT NULL);"
  const bare = await dump(`${ddl}INSERT INTO \`t\` VALUES (1,2,DEFAULT);`)
  assert.deepEqual(encodings(bare), ['a plain'])
  const named = await dump(`${ddl}INSERT INTO \`t\` (\`h\`, \`a\`) VALUES (7,1);`)
  assert.deepEqual(encodings(named), ['h plain', 'a plain'])
  assert.equal(named.text('shop/t'), '7\t1\n')
})

test('a dump with --where is none of everything, and one without code says so', async () => {
  const everything = head.replace('Database: shop', 'Database: ')
  const sql = 'CREATE DATABASE `shop`;\nUSE `shop`;\nCREATE TABLE `t` (`a` int);\n'
  const code =
    "--\n-- Dumping events for database 'shop'\n--\n\n--\n-- Dumping routines for database 'shop'\n--\n"
  const whole = await dump(`${sql}${code}`, { first: everything })
  assert.equal(whole.result.isPartial, false)
  assert.doesNotMatch(whole.result.warnings.join('\n'), /--where|--routines|--events/)
  const some = await dump(`${sql}\n-- WHERE:  a > 7\n\nINSERT INTO \`t\` VALUES (8);`, { first: everything })
  assert.equal(some.result.isPartial, true)
  assert.match(some.result.warnings.join('\n'), /only rows that meet --where: a > 7/)
  assert.match(some.result.warnings.join('\n'), /routines and events are not in the dump/)
})

test('rows of the past come where the dump has them, and are told where it has not', async () => {
  const ddl = 'CREATE TABLE `t` (`a` int) ENGINE=InnoDB WITH SYSTEM VERSIONING;'
  const without = await dump(`${ddl}INSERT INTO \`t\` VALUES (1);`, { first: mariadbHead })
  assert.equal(tableOf(without).hasHistory, false)
  assert.match(
    without.result.warnings.join('\n'),
    /only the current rows of system-versioned tables .*: shop\.t/,
  )
  const history = await dump(
    `${ddl}/*M!101100 SET @old=@@session.system_versioning_insert_history, @@session.system_versioning_insert_history=1 */;INSERT INTO \`t\` (\`a\`, row_start, row_end) VALUES (1,'2026-01-01 00:00:00.000000','2106-02-07 06:28:15.999999');`,
    { first: mariadbHead },
  )
  const table = tableOf(history)
  assert.deepEqual([table.hasHistory, table.isInsertOnly], [true, true])
  assert.deepEqual(encodings(history), ['a plain', 'row_start plain', 'row_end plain'])
})

test('of history by transaction the current rows are taken', async () => {
  const taken = await dump(
    'CREATE TABLE `t` (`a` int, `s` bigint(20) unsigned GENERATED ALWAYS AS ROW START, `e` bigint(20) unsigned GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (`s`, `e`)) WITH SYSTEM VERSIONING;INSERT INTO `t` VALUES (1,4,9),(2,9,18446744073709551615);',
    { first: mariadbHead },
  )
  assert.equal(taken.text('shop/t'), '2\n')
  assert.equal(tableOf(taken).rows, 1)
})

test('views, triggers, routines and events keep the session that they were made in', async () => {
  const taken =
    await dump(`CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`shop\` /*!40100 DEFAULT CHARACTER SET latin1 */;
USE \`shop\`;
CREATE TABLE \`t\` (\`a\` int);
/*!50001 CREATE VIEW \`v\` AS SELECT 
 1 AS \`a\`*/;
/*!50003 SET @saved_sql_mode = @@sql_mode */ ;
/*!50003 SET sql_mode = 'ANSI_QUOTES' */ ;
/*!50003 SET character_set_client = latin1 */ ;
/*!50003 SET collation_connection = latin1_swedish_ci */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER="root"@"%"*/ /*!50003 TRIGGER "g;" BEFORE INSERT ON "t" FOR EACH ROW BEGIN SET @a = 1; /* two */ SET @b = 2; END */;;
DELIMITER ;
ALTER DATABASE \`shop\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;
/*!50003 SET sql_mode = @saved_sql_mode */ ;
DELIMITER ;;
CREATE DEFINER=\`root\`@\`%\` FUNCTION \`f\`() RETURNS int
    /*!50001 DETERMINISTIC */
RETURN 1 ;;
DELIMITER ;
ALTER DATABASE \`shop\` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;
DELIMITER ;;
/*!50003 SET time_zone = 'SYSTEM' */ ;;
/*!50106 CREATE*/ /*!50117 DEFINER=\`root\`@\`%\`*/ /*!50106 EVENT \`e\` ON SCHEDULE AT '2020-01-02 00:00:00' DISABLE DO SELECT 1 */ ;;
DELIMITER ;
/*!50001 DROP VIEW IF EXISTS \`v\`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=\`root\`@\`%\` SQL SECURITY DEFINER */
/*!50001 VIEW \`v\` AS select 1 AS \`a\` */;
`)
  const [schema] = taken.content.schemas
  assert.equal(schema?.ddl, 'CREATE DATABASE `shop` /*!40100 DEFAULT CHARACTER SET latin1 */')
  assert.equal(schema.collation, 'latin1_swedish_ci')
  const [trigger] = tableOf(taken).triggers
  assert.deepEqual(trigger, {
    kind: 'trigger',
    name: 'g;',
    statement:
      'CREATE DEFINER="root"@"%" TRIGGER "g;" BEFORE INSERT ON "t" FOR EACH ROW BEGIN SET @a = 1; /* two */ SET @b = 2; END',
    sqlMode: 'ANSI_QUOTES',
    charsetClient: 'latin1',
    collationConnection: 'latin1_swedish_ci',
    collationDatabase: 'latin1_swedish_ci',
  })
  const [routine] = schema.routines
  assert.equal(
    routine?.statement,
    'CREATE DEFINER=`root`@`%` FUNCTION `f`() RETURNS int\n    /*!50001 DETERMINISTIC */\nRETURN 1',
  )
  assert.deepEqual([routine.sqlMode, routine.collationDatabase], ['', 'utf8mb4_bin'])
  const [event] = schema.events
  // Made now, it would be gone at once: its time has passed.
  assert.deepEqual([event?.timeZone, event?.createdAt], ['SYSTEM', Date.UTC(2020, 0, 1) / 1000])
  const [view] = schema.views
  assert.match(
    typeof view?.statement === 'string' ? view.statement : '',
    /^CREATE ALGORITHM=UNDEFINED \s*DEFINER=`root`@`%` SQL SECURITY DEFINER \s*VIEW `v` AS select 1 AS `a`$/,
  )
})

test('definitions are quoted for any session, whatever the mode of the dump', async () => {
  const taken = await dump(`SET SQL_MODE='ANSI,NO_BACKSLASH_ESCAPES';
CREATE DATABASE IF NOT EXISTS "odd""one" DEFAULT CHARACTER SET latin1;
USE "odd""one";
CREATE TABLE IF NOT EXISTS "t" ("a""\`b" int COMMENT 'C:\\new ''x'' "y"', "v" varchar(9) CHARACTER SET latin1 DEFAULT '\\', KEY "k" ("v"));
INSERT INTO "t" VALUES (1,'\\n');
CREATE VIEW "v" AS SELECT 1 AS "a";
`)
  const [schema] = taken.content.schemas
  assert.equal(schema?.name, 'odd"one')
  assert.equal(schema.ddl, 'CREATE DATABASE `odd"one` DEFAULT CHARACTER SET latin1')
  assert.equal(
    tableOf(taken).ddl,
    [
      "CREATE TABLE `t` (`a\"``b` int COMMENT 'C:\\\\new ''x'' \"y\"'",
      "`v` varchar(9) CHARACTER SET latin1 DEFAULT '\\\\'",
      'KEY `k` (`v`))',
    ].join(', '),
  )
  assert.deepEqual(encodings(taken), ['a"`b plain', 'v utf8'])
  assert.equal(taken.text('odd%22one/t'), '1\t\\\\n\n')
  // Code is made in the mode that it is kept with.
  assert.deepEqual(
    schema.views.map(({ statement, sqlMode }) => [statement, sqlMode]),
    [['CREATE VIEW "v" AS SELECT 1 AS "a"', 'ANSI,NO_BACKSLASH_ESCAPES']],
  )
})

test('a dump without CREATE DATABASE tells the collation of its schema where code had another one', async () => {
  const code = `CREATE TABLE \`t\` (\`a\` int);
CREATE FUNCTION \`f\`() RETURNS int DETERMINISTIC RETURN 1;
ALTER DATABASE \`shop\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;
CREATE FUNCTION \`g\`() RETURNS int DETERMINISTIC RETURN 1;
ALTER DATABASE \`shop\` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;
CREATE FUNCTION \`h\`() RETURNS int DETERMINISTIC RETURN 1;
`
  for (const schema of ['shop', 'branch']) {
    const files = { 'dump.sql': `${head}${code}${tail}` }
    const { content, result } = await takeDump('mysqldump', files, { schema })
    assert.deepEqual(
      content.schemas.map(({ name, ddl, collation }) => [name, ddl, collation]),
      [[schema, `CREATE DATABASE \`${schema}\` COLLATE \`latin1_swedish_ci\``, 'latin1_swedish_ci']],
    )
    assert.deepEqual(
      content.schemas[0]?.routines.map(({ collationDatabase }) => collationDatabase),
      [undefined, 'utf8mb4_bin', 'latin1_swedish_ci'],
    )
    assert.doesNotMatch(result.warnings.join(), /character set of schema/)
  }
})

test('the place in the binary log comes from statements and from comments', async () => {
  const mysql = await dump(
    "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '4fcbcae1-e71d-11f1-960d-02fc00000001:1-5,\n5fcbcae1-e71d-11f1-960d-02fc00000001:1';\n-- CHANGE MASTER TO MASTER_LOG_FILE='binlog.000007', MASTER_LOG_POS=154;\n",
  )
  assert.deepEqual(mysql.result.point.position, { file: 'binlog.000007', offset: 154 })
  assert.equal(
    mysql.result.point.gtid?.text,
    '4fcbcae1-e71d-11f1-960d-02fc00000001:1-5,5fcbcae1-e71d-11f1-960d-02fc00000001:1',
  )
  const mariadb = await dump(
    "CHANGE MASTER TO MASTER_LOG_FILE='a.000002', MASTER_LOG_POS=4;\n-- SET GLOBAL gtid_slave_pos='0-1-9';\n",
    { first: mariadbHead },
  )
  assert.deepEqual(mariadb.result.point.position, { file: 'a.000002', offset: 4 })
  assert.deepEqual(mariadb.result.point.gtid, { flavour: 'mariadb', text: '0-1-9' })
  const none = await dump('')
  assert.deepEqual(Object.keys(none.result.point), ['timeMicros'])
  assert.match(none.result.warnings.join('\n'), /its own moment and nothing after it/)
})

test('positions that are not those of the rows are not used', async () => {
  const alone = await dump("SET @@GLOBAL.GTID_PURGED='4fcbcae1-e71d-11f1-960d-02fc00000001:1-5';")
  assert.equal(alone.result.point.gtid, undefined)
  assert.match(alone.result.warnings.join('\n'), /GTIDs of the dump are not used/)
  const ofSource = await dump(
    "-- Position to start replication or point-in-time recovery from (the master of this slave)\n-- CHANGE MASTER TO MASTER_LOG_FILE='binlog.000007', MASTER_LOG_POS=154;\n",
  )
  assert.equal(ofSource.result.point.position, undefined)
})

test('a dump of all schemas is of everything, without those of the server', async () => {
  const sql =
    'CREATE DATABASE `mysql`;USE `mysql`;CREATE TABLE `user` (`a` int);INSERT INTO `user` VALUES (1);CREATE DATABASE `d`;USE `d`;CREATE TABLE `t` (`a` float);INSERT INTO `t` VALUES (0.1);'
  const taken = await dump(sql, { first: head.replace('Database: shop', 'Database: ') })
  assert.deepEqual(
    [taken.result.isPartial, taken.content.selection.kind, taken.rows],
    [false, 'everything', 1],
  )
  assert.deepEqual(
    taken.content.schemas.map(({ name }) => name),
    ['d'],
  )
  const told = taken.result.warnings.join('\n')
  assert.match(told, /six digits of a FLOAT.*: d\.t/)
  assert.match(told, /not part of the backup: mysql/)
  const one = await dump('')
  assert.equal(one.result.isPartial, true)
})

test('conditional comments for other servers count for nothing', async () => {
  const taken = await dump(
    '/*!80001 CREATE ROLE x */;/*M!100005 SET @a = 1 */;CREATE TABLE `t` (`a` int /*!80023 INVISIBLE */, `b` int);INSERT INTO `t` VALUES (1,2);',
    {
      first: mariadbHead,
    },
  )
  assert.deepEqual(encodings(taken), ['a plain', 'b plain'])
  assert.equal(
    taken.result.warnings.some((text) => text.includes('accounts')),
    false,
  )
})

const refusals: readonly (readonly [says: string, sql: string, message: RegExp])[] = [
  [
    'a statement that is not known',
    'CREATE TABLE `t` (`a` int);\nUPDATE t SET a = 1;',
    /^dump\.sql, line 10: this statement is not known, and is not skipped: UPDATE t SET a = 1$/,
  ],
  [
    'a setting that is not known',
    'SET SESSION some_mode = 1;',
    /^dump\.sql, line 9: the dump sets some_mode/,
  ],
  ['rows without a definition', 'INSERT INTO `t` VALUES (1);', /rows of shop\.t come without its definition/],
  [
    'a row that is too short',
    'CREATE TABLE `t` (`a` int, `b` int);INSERT INTO `t` VALUES (1,2),(3);',
    /row 2 of this INSERT into shop\.t: 1 values for 2 columns/,
  ],
  [
    'a column that is not there',
    'CREATE TABLE `t` (`a` int);INSERT INTO `t` (`b`) VALUES (1);',
    /rows name the column b, which its definition lacks/,
  ],
  [
    'a type that is not known',
    'CREATE TABLE `t` (`a` wonder(3));INSERT INTO `t` VALUES (1);',
    /column a has the unknown type wonder\(3\)/,
  ],
  [
    'a number in hex',
    'CREATE TABLE `t` (`a` int);INSERT INTO `t` VALUES (0x31);',
    /a is int and has a value in hex/,
  ],
  [
    'a default for a value',
    'CREATE TABLE `t` (`a` int);INSERT INTO `t` VALUES (DEFAULT);',
    /a has DEFAULT in place of a value/,
  ],
  [
    'bytes for text to be converted',
    "CREATE TABLE `t` (`a` varchar(9) CHARACTER SET latin1);INSERT INTO `t` VALUES (_binary 'x');",
    /a has bytes in place of text/,
  ],
  [
    'a member that is none',
    "CREATE TABLE `t` (`a` enum('','x'));INSERT INTO `t` VALUES ('y');",
    /a has a value that is none of its members/,
  ],
  [
    'rows with other columns later',
    'CREATE TABLE `t` (`a` int, `b` int);INSERT INTO `t` (`a`) VALUES (1);INSERT INTO `t` (`b`) VALUES (1);',
    /different columns/,
  ],
  [
    'times in a zone that is not known',
    "SET TIME_ZONE='SYSTEM';CREATE TABLE `t` (`a` timestamp);INSERT INTO `t` VALUES ('2026-01-01 00:00:00');",
    /TIMESTAMP columns, and the dump has them in time zone SYSTEM/,
  ],
  [
    'text in a character set that is not known',
    "SET NAMES sjis;CREATE TABLE `t` (`a` int);INSERT INTO `t` VALUES ('x');",
    /rows are in sjis/,
  ],
  [
    'a trigger on nothing',
    'CREATE TRIGGER g BEFORE INSERT ON `t` FOR EACH ROW SET @a = 1;',
    /trigger g is on a table that the dump does not define/,
  ],
  [
    'a view that never came',
    '/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a`*/;',
    /only what stands in for view shop\.v/,
  ],
  [
    'a table defined again behind its rows',
    'CREATE TABLE `t` (`a` int);INSERT INTO `t` VALUES (1);USE d;USE shop;CREATE TABLE `t` (`b` int);CREATE TABLE `u` (`b` int);INSERT INTO `u` VALUES (1);CREATE TABLE `t` (`c` int);',
    /defined twice/,
  ],
]

for (const [says, sql, message] of refusals) {
  test(`a dump is refused by name: ${says}`, () => rejects(dump(sql), 'UNSUPPORTED', message))
}

test('a dump without its trailer, or with more behind it, is not whole', async () => {
  await rejects(
    dump('COMMIT;', { last: '' }),
    'DUMP_INCOMPLETE',
    /dump\.sql does not end with "-- Dump completed"/,
  )
  await rejects(dump('COMMIT;', { last: `${tail}COMMIT;` }), 'DUMP_INCOMPLETE', /does not end with/)
  await rejects(dump("SET @a = 'x", { last: '' }), 'DUMP_INCOMPLETE', /ends within/)
  await rejects(
    takeDump('mysqldump', { 'dump.sql': 'COMMIT;' }),
    'UNSUPPORTED',
    /does not begin with the comments of mysqldump/,
  )
})
