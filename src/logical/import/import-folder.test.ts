import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeDump } from '../../../test/support/memory-dump.ts'
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { isHoldfastError } from '../../core/errors.ts'
import { parseMydumperMetadata } from './mydumper-metadata.ts'

type Files = Readonly<Record<string, string | Buffer>>

function rejects(taking: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  return assert.rejects(taking, (error: unknown) => {
    assert.ok(isHoldfastError(error, code), String(error))
    assert.match(error.message, message)
    return true
  })
}

function without(files: Files, name: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([key]) => key !== name))
}

function definition(sql: string, version = '8.0.36'): string {
  return `-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n-- Host: localhost    Database: shop\n-- Server version\t${version}\n\n/*!50503 SET NAMES utf8mb4 */;\n${sql}\n-- Dump completed on 2026-01-02  3:04:05\n`
}

const tab: Files = {
  't.sql': definition(
    'CREATE TABLE `t` (`a` int, `b` varchar(9) CHARACTER SET latin1, `n` blob) DEFAULT CHARSET=utf8mb4;',
  ),
  't.txt': Buffer.from('1\t\xe9\\\t\\\n\\\\\t\\N\n2\t\\N\t\\0\\N\n', 'latin1'),
}

test('a folder of --tab: bytes are those of the columns', async () => {
  for (const pieceBytes of [1, 2, 7, 1000]) {
    const taken = await takeDump('tab', tab, { pieceBytes })
    assert.equal(taken.text('shop/t'), '1\t\xe9\\t\\n\\\\\t\\N\n2\t\\N\t\\0N\n')
    assert.equal(taken.rows, 2)
    assert.deepEqual(
      taken.content.schemas[0]?.tables[0]?.columns.map(({ encoding }) => encoding),
      ['plain', 'plain', 'plain'],
    )
  }
  const named = await takeDump('tab', tab, { schema: 'other' })
  assert.deepEqual(
    named.content.schemas.map(({ name }) => name),
    ['other'],
  )
})

test('a folder of --tab: MariaDB writes BIT as it is, and hidden columns', async () => {
  const files = {
    't.sql': definition('CREATE TABLE `t` (`a` bit(24), `b` int INVISIBLE, `c` bit(1));', '10.11.6-MariaDB'),
    't.txt': Buffer.from('\t\n\\\t1\t\x01\n\\N\t\\N\t\\N\n', 'latin1'),
  }
  const taken = await takeDump('tab', files)
  assert.equal(taken.text('shop/t'), '\\t\\n\\\\\t1\t\x01\n\\N\t\\N\t\\N\n')
})

test('a folder of --tab is refused where it is not whole or cannot be told', async () => {
  await rejects(
    takeDump('tab', without(tab, 't.txt')),
    'DUMP_INCOMPLETE',
    /t\.txt is missing, which has the rows of t\.sql/,
  )
  await rejects(takeDump('tab', without(tab, 't.sql')), 'DUMP_INCOMPLETE', /t\.txt has rows/)
  await rejects(
    takeDump('tab', { ...tab, 't.txt': '1\ta\tb\n2\ta\t' }),
    'DUMP_INCOMPLETE',
    /t\.txt ends within row 2/,
  )
  await rejects(
    takeDump('tab', { ...tab, 't.txt': '1\ta\tb\n2\ta\n' }),
    'UNSUPPORTED',
    /t\.txt, row 2: 2 cells for 3 columns/,
  )
  await rejects(
    takeDump('tab', { ...tab, 't.txt': '1\ta\n' }),
    'UNSUPPORTED',
    /t\.txt, row 1: 2 cells for 3 or 3 columns/,
  )
  const cut = tab['t.sql']?.toString().replace(/-- Dump completed.*\n/, '') ?? ''
  await rejects(takeDump('tab', { ...tab, 't.sql': cut }), 'DUMP_INCOMPLETE', /t\.sql does not end with/)
  const sjis = definition('CREATE TABLE `t` (`a` int, `b` text CHARACTER SET sjis, `n` blob);')
  await rejects(takeDump('tab', { ...tab, 't.sql': sjis }), 'UNSUPPORTED', /column b of shop\.t is in sjis/)
  const latin1 = tab['t.sql']?.toString().replace('SET NAMES utf8mb4', 'SET NAMES latin1') ?? ''
  await rejects(takeDump('tab', { ...tab, 't.sql': latin1 }), 'UNSUPPORTED', /are in latin1/)
})

test('a folder of --tab: rows that all look like another form of text are refused', async () => {
  const ddl = definition('CREATE TABLE `t` (`a` int, `b` varchar(9), `c` date);')
  const take = (text: string, sql = ddl) => takeDump('tab', { 't.sql': sql, 't.txt': text })
  const returned = /t\.txt: all rows end in CR LF/
  const quoted = /t\.txt: all texts are within "/
  await rejects(take('1\tx\t2026-01-02\r\n2\t\\N\t\\N\r\n'), 'UNSUPPORTED', returned)
  await rejects(take('"1"\t"x"\t"2026-01-02"\n"2"\t\\N\t\\N\n'), 'UNSUPPORTED', quoted)
  await rejects(take('1\t"x"\t"2026-01-02"\n2\t""\t\\N\n'), 'UNSUPPORTED', quoted)
  const numbers = definition('CREATE TABLE `t` (`a` int);')
  await rejects(take('"1"\n', numbers), 'UNSUPPORTED', quoted)
  assert.equal((await take('1\t"x"\t2026-01-02\n')).rows, 1)
  const texts = definition('CREATE TABLE `t` (`a` int, `b` varchar(9));')
  assert.equal((await take('1\t"x"\n2\t"\n', texts)).rows, 2)
  assert.equal((await take('1\tx\r\n2\tx\n', texts)).rows, 2)
  assert.equal((await take('1\t\\N\n', texts)).rows, 1)
  assert.equal((await take('', texts)).rows, 0)
})

test('a folder of --tab: text that may be in utf8mb4 or not is refused, unless it is said', async () => {
  const unclear = { ...tab, 't.txt': Buffer.from('1\t\u00e9\tx\n2\ta\ty\n') }
  const sentence = /t\.txt: text of column b of shop\.t may be in latin1 or in utf8mb4/
  await rejects(takeDump('tab', unclear), 'UNSUPPORTED', sentence)
  const own = await takeDump('tab', unclear, { textCharset: 'binary' })
  assert.equal(own.text('shop/t'), '1\t\xc3\xa9\tx\n2\ta\ty\n')
  const unicode = await takeDump('tab', unclear, { textCharset: 'utf8mb4' })
  assert.equal(unicode.text('shop/t'), own.text('shop/t'))
  const encodingOf = ({ content }: typeof own) => content.schemas[0]?.tables[0]?.columns[1]?.encoding
  assert.deepEqual([encodingOf(own), encodingOf(unicode)], ['plain', 'utf8'])
  assert.match(unicode.result.warnings.join(), /columns that are no UTF-8 are lost.*: shop\.t/)
  // Other bytes of the same dump tell.
  const bytes = { ...unclear, 'u.sql': definition('CREATE TABLE `u` (`n` blob);') }
  assert.equal((await takeDump('tab', { ...bytes, 'u.txt': Buffer.from('ff0a', 'hex') })).rows, 3)
  await rejects(takeDump('tab', { ...bytes, 'u.txt': '\u00e9\n' }), 'UNSUPPORTED', sentence)
  await rejects(
    takeDump('tab', tab, { textCharset: 'utf8mb4' }),
    'UNSUPPORTED',
    /t\.txt, row 1: column b of shop\.t has bytes that are not in utf8mb4/,
  )
  const sjis = {
    ...unclear,
    't.sql': definition('CREATE TABLE `t` (`a` int, `b` text CHARACTER SET sjis, `n` blob);'),
  }
  assert.equal((await takeDump('tab', sjis, { textCharset: 'utf8mb4' })).rows, 2)
  const said = tab['t.sql']?.toString().replace('SET NAMES utf8mb4', 'SET NAMES binary') ?? ''
  assert.equal((await takeDump('tab', { ...unclear, 't.sql': said })).rows, 2)
  await rejects(
    takeDump('tab', { ...unclear, 't.sql': said }, { textCharset: 'utf8mb4' }),
    'UNSUPPORTED',
    /in binary/,
  )
})

function stampedTab(head: string, tail = ''): Files {
  return {
    't.sql': definition(`${head}CREATE TABLE \`t\` (\`a\` timestamp);${tail}`),
    't.txt': '2026-01-02 03:04:05\n',
  }
}

test('a folder of --tab: TIMESTAMP columns are in UTC, or refused', async () => {
  const taken = await takeDump(
    'tab',
    stampedTab(
      "/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n",
      '\n/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;',
    ),
  )
  assert.equal(taken.rows, 1)
  const unknown = /t has TIMESTAMP columns, and the dump does not say in which time zone/
  await rejects(takeDump('tab', stampedTab('')), 'UNSUPPORTED', unknown)
  // Only what is in force at the definition says how rows were read.
  await rejects(takeDump('tab', stampedTab('', "\nSET TIME_ZONE='+00:00';")), 'UNSUPPORTED', unknown)
  assert.equal((await takeDump('tab', { ...stampedTab(''), 't.txt': '' })).rows, 0)
})

const session =
  "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
const metadata = `# Started dump at: 2026-01-02 03:04:05
[config]
quote-character = BACKTICK
local-infile = 1

[source]
# SOURCE_LOG_FILE = "binlog.000003"
# SOURCE_LOG_POS = 157
# executed_gtid_set = "4fcbcae1-e71d-11f1-960d-02fc00000001:1-5"

[\`shop\`.\`t\`]
real_table_name=t
rows = 2

[\`shop\`.\`mydumper_0\`]
real_table_name=odd.name
rows = 1
# Finished dump at: 2026-01-02 03:04:06
`
const mydumper: Files = {
  metadata,
  'shop-schema-create.sql': 'CREATE DATABASE `shop` /*!40100 DEFAULT CHARACTER SET latin1 */;\n',
  'shop.t-schema.sql': `${session}CREATE TABLE IF NOT EXISTS \`t\` (\`a\` int, \`j\` json, \`l\` varchar(9)) DEFAULT CHARSET=latin1;\n`,
  'shop.t.00000.sql': `${session}INSERT INTO \`t\` VALUES(1,CONVERT("{\\"a\\": 1}" USING UTF8MB4),"x")\n;\n`,
  'shop.t.00001.sql': Buffer.from(`${session}INSERT INTO \`t\` VALUES(2,NULL,"\xe9")\n;\n`, 'latin1'),
  'shop.mydumper_0-schema.sql': `${session}CREATE TABLE \`odd.name\` (\`a\` int, \`j\` json);\n`,
  'shop.mydumper_0.00000.sql':
    "LOAD DATA LOCAL INFILE 'shop.mydumper_0.00000.dat.zst' REPLACE INTO TABLE `odd.name` CHARACTER SET binary FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n' (`a`,@j) SET `j` = CONVERT(@j USING UTF8MB4);\n",
  'shop.mydumper_0.00000.dat.zst': '5\t{"b": "\\\\n"}\n',
  'shop.v-schema.sql': `${session}CREATE TABLE IF NOT EXISTS \`v\`(\n\`a\` int\n)ENGINE=MyISAM;\n`,
  'shop.v-schema-view.sql':
    'SET NAMES utf8mb4;\nDROP TABLE IF EXISTS `v`;\nSET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\nSET character_set_client = utf8mb4;\nCREATE VIEW `v` AS select `t`.`a` AS `a` from `t`;\nSET character_set_client = @PREV_CHARACTER_SET_CLIENT;\n',
  'shop.t-schema-triggers.sql':
    'SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\nSET character_set_client = utf8mb4;\nCREATE TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END;\nSET character_set_client = @PREV_CHARACTER_SET_CLIENT;\n',
  'shop-schema-post.sql': 'DELIMITER //\nCREATE PROCEDURE `p`()\nBEGIN SELECT 1; END//\nDELIMITER ;\n',
}
const version = { serverVersion: '8.0.36' }

test('a folder of mydumper: INSERT and LOAD DATA, with rows counted', async () => {
  const taken = await takeDump('mydumper', mydumper, version)
  assert.equal(taken.text('shop/t'), '1\t{"a": 1}\tx\n2\t\\N\t\xe9\n')
  assert.equal(taken.text('shop/odd.name'), '5\t{"b": "\\\\n"}\n')
  const [schema] = taken.content.schemas
  assert.deepEqual(schema?.tables.map(({ name, rows }) => [name, rows]).toSorted(), [
    ['odd.name', 1],
    ['t', 2],
  ])
  assert.deepEqual(
    schema?.tables.find(({ name }) => name === 't')?.columns.map(({ encoding }) => encoding),
    ['plain', 'json', 'plain'],
  )
  assert.deepEqual(
    schema.views.map(({ name }) => name),
    ['v'],
  )
  const triggers = schema.tables.flatMap((table) => table.triggers.map(({ statement }) => statement))
  assert.deepEqual(triggers, [
    'CREATE TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END',
  ])
  assert.deepEqual(
    schema.routines.map(({ statement }) => statement),
    ['CREATE PROCEDURE `p`()\nBEGIN SELECT 1; END'],
  )
  assert.deepEqual(taken.result.point.position, { file: 'binlog.000003', offset: 157 })
  assert.equal(taken.result.point.gtid?.text, '4fcbcae1-e71d-11f1-960d-02fc00000001:1-5')
})

test('a folder of mydumper is refused where it is not whole or cannot be told', async () => {
  await rejects(takeDump('mydumper', mydumper), 'USAGE', /does not write down which server/)
  await rejects(
    takeDump('mydumper', { ...mydumper, 'metadata.partial': metadata }, version),
    'DUMP_INCOMPLETE',
    /there is metadata\.partial/,
  )
  const unfinished = metadata.replace(/# Finished.*\n/, '')
  await rejects(
    takeDump('mydumper', { ...mydumper, metadata: unfinished }, version),
    'DUMP_INCOMPLETE',
    /did not finish/,
  )
  await rejects(
    takeDump('mydumper', without(mydumper, 'shop.t.00001.sql'), version),
    'DUMP_INCOMPLETE',
    /shop\.t has 1 rows, and metadata says 2/,
  )
  await rejects(
    takeDump('mydumper', without(mydumper, 'shop.mydumper_0.00000.dat.zst'), version),
    'DUMP_INCOMPLETE',
    /shop\.mydumper_0\.00000\.dat\.zst is missing/,
  )
  await rejects(
    takeDump('mydumper', without(mydumper, 'shop.mydumper_0.00000.sql'), version),
    'DUMP_INCOMPLETE',
    /no LOAD DATA names/,
  )
  const gone = ['shop.t-schema.sql', 'shop.t.00000.sql', 'shop.t.00001.sql', 'shop.t-schema-triggers.sql']
  const lost = gone.reduce(without, mydumper)
  await rejects(
    takeDump('mydumper', lost, version),
    'DUMP_INCOMPLETE',
    /the definition of `shop`\.`t` is missing, of which metadata says that it has 2 rows/,
  )
  const ofServer = metadata.replace('`shop`.`t`', '`mysql`.`t`')
  assert.equal((await takeDump('mydumper', { ...lost, metadata: ofServer }, version)).rows, 1)
  await rejects(
    takeDump('mydumper', { ...mydumper, 'shop.t.00000.json': '' }, version),
    'UNSUPPORTED',
    /no file that mydumper is known to write/,
  )
  const csv = mydumper['shop.mydumper_0.00000.sql']?.toString().replace("'\\t'", "','") ?? ''
  await rejects(
    takeDump('mydumper', { ...mydumper, 'shop.mydumper_0.00000.sql': csv }, version),
    'UNSUPPORTED',
    /rows are taken in as/,
  )
})

test('a folder of mydumper: sequences as tables, bytes in double quotes, and code of other modes', async () => {
  const sequence = `CREATE TABLE \`s\` (\`next_not_cached_value\` bigint(21) NOT NULL) ENGINE=InnoDB SEQUENCE=1;\n`
  const counted = `[\`shop\`.\`s\`]\nreal_table_name=s\nrows = 1\n[\`shop\`.\`h\`]\nrows = 1\n# Finished dump at: 2026-01-02 03:04:06\n`
  const files: Files = {
    metadata: counted,
    'shop-schema-create.sql': 'CREATE DATABASE `shop`;\n',
    'shop.s-schema.sql': `${session}${sequence}`,
    'shop.s.00000.sql': `${session}INSERT INTO \`s\` VALUES(150,50,1000,100,-10,5,1,3)\n;\n`,
    'shop.h-schema.sql': `${session}CREATE TABLE \`h\` (\`a\` blob, \`b\` int INVISIBLE DEFAULT 7);\n`,
    'shop.h.00000.sql': `${session}INSERT INTO \`h\` VALUES(_binary "\\0\\"x")\n;\n`,
    'shop-schema-post.sql':
      'DELIMITER //\nCREATE DEFINER="a"@"b" PROCEDURE "p"() SELECT "x"//\nCREATE DEFINER="a"@"b" PROCEDURE "o"(a IN INT)\nAS BEGIN SELECT 1; END//\n' +
      'CREATE DEFINER="a"@"b" PACKAGE "k" AS\n PROCEDURE p; END//\nCREATE DEFINER=`a`@`b` PROCEDURE `q`() SELECT 1//\nDELIMITER ;\n',
  }
  const taken = await takeDump('mydumper', files, { serverVersion: '10.11.6-MariaDB' })
  const [schema] = taken.content.schemas
  assert.deepEqual(schema?.sequences, [
    {
      name: 's',
      ddl: 'CREATE SEQUENCE `s` START WITH 100 MINVALUE 50 MAXVALUE 1000 INCREMENT BY -10 CACHE 5 CYCLE',
      next: '150',
      cycle: '3',
    },
  ])
  assert.equal(taken.text('shop/h'), '\\0"x\n')
  assert.deepEqual(
    schema.routines.map(({ name, sqlMode }) => `${name} ${sqlMode}`),
    ['k ORACLE', 'p ANSI_QUOTES', 'o ORACLE', 'q '],
  )
  const warnings = taken.result.warnings.join('\n')
  assert.match(warnings, /mydumper does not write down the sql_mode/)
  assert.match(warnings, /without hidden \(INVISIBLE\) columns.*: shop\.h/)
  const stateless = without(files, 'shop.s.00000.sql')
  await rejects(
    takeDump('mydumper', stateless, { serverVersion: '10.11.6-MariaDB' }),
    'DUMP_INCOMPLETE',
    /shop`\.`s` is missing/,
  )
  const load =
    "LOAD DATA LOCAL INFILE 'shop.s.00000.dat' REPLACE INTO TABLE `s` FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (`next_not_cached_value`);\n"
  const texts = {
    ...files,
    'shop.s.00000.sql': load,
    'shop.s.00000.dat': '150\t50\t1000\t100\t-10\t5\t1\t3\n',
  }
  const loaded = await takeDump('mydumper', texts, { serverVersion: '10.11.6-MariaDB' })
  assert.deepEqual(loaded.content.schemas[0]?.sequences, schema.sequences)
  const odd = { ...files, 'shop.s.00000.sql': `${session}INSERT INTO \`s\` VALUES(1)\n;\n` }
  await rejects(
    takeDump('mydumper', odd, { serverVersion: '10.11.6-MariaDB' }),
    'UNSUPPORTED',
    /shop\.s is a sequence, and its row is not known/,
  )
})

function stampedMydumper(head: string): Files {
  return {
    ...mydumper,
    'shop.mydumper_0-schema.sql': `${head}CREATE TABLE \`odd.name\` (\`a\` int, \`j\` json, \`s\` timestamp);\n`,
  }
}

test('a folder of mydumper: TIMESTAMP columns of LOAD DATA are in UTC, or refused', async () => {
  assert.equal((await takeDump('mydumper', stampedMydumper(session), version)).rows, 3)
  await rejects(
    takeDump('mydumper', stampedMydumper(''), version),
    'UNSUPPORTED',
    /odd\.name has TIMESTAMP columns, and the dump does not say in which time zone/,
  )
})

test('metadata of mydumper before 0.12', () => {
  const parsed = parseMydumperMetadata(
    'Started dump at: 2026-11-23 09:40:31\nSHOW MASTER STATUS:\n\tLog: binlog.000001\n\tPos: 538022\n\tGTID:0-1-227\n\nSHOW SLAVE STATUS:\n\tHost: db1\n\tLog: other.000009\n\tPos: 4\n\tGTID:\n\nFinished dump at: 2026-11-23 09:40:31\n',
  )
  assert.deepEqual(parsed.position, { file: 'binlog.000001', offset: 538022 })
  assert.equal(parsed.gtidText, '0-1-227')
  assert.deepEqual([parsed.isFinished, parsed.finishedAt], [true, '2026-11-23 09:40:31'])
})

const tableOptions = {
  schema: 'shop',
  table: 't',
  columns: ['a', 'b', 'l'],
  decodeColumns: { b: 'FROM_BASE64' },
  defaultCharacterSet: 'utf8mb4',
  fieldsTerminatedBy: '\t',
  fieldsEnclosedBy: '',
  fieldsOptionallyEnclosed: false,
  fieldsEscapedBy: '\\',
  linesTerminatedBy: '\n',
}
const instance = {
  dumper: 'mysqlsh Ver 8.4.0',
  version: '2.0.1',
  origin: 'dumpInstance',
  options: {},
  schemas: ['shop'],
  basenames: { shop: 'shop' },
  users: [],
  defaultCharacterSet: 'utf8mb4',
  tzUtc: true,
  serverVersion: '8.0.36',
  gtidExecuted: '4fcbcae1-e71d-11f1-960d-02fc00000001:1-5',
  gtidExecutedInconsistent: false,
  consistent: true,
  capabilities: [{ id: 'partition_awareness', description: '', versionRequired: '8.0.27' }],
  binlogFile: 'binlog.000003',
  binlogPosition: 157,
  begin: '2026-01-02 03:04:05',
}
const table = {
  options: tableOptions,
  triggers: ['g'],
  includesData: true,
  includesDdl: true,
  extension: 'tsv.zst',
  chunking: true,
  basenames: {},
}
const shell: Files = {
  '@.json': JSON.stringify(instance),
  '@.done.json': JSON.stringify({ end: '', tableRows: { shop: { t: 3 } } }),
  '@.sql': '-- MySQLShell dump 2.0.1  Distrib Ver 8.4.0 for Linux\n',
  '@.post.sql': '-- MySQLShell dump 2.0.1\n',
  '@.users.sql': "CREATE USER IF NOT EXISTS 'x'@'%';\n",
  'shop.json': JSON.stringify({
    schema: 'shop',
    includesData: true,
    tables: ['t'],
    views: ['v'],
    basenames: { t: 'shop@t', v: 'shop@v' },
  }),
  'shop.sql':
    'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\nDELIMITER ;;\nCREATE PROCEDURE `p`() BEGIN SELECT 1; END;;\nDELIMITER ;\n',
  'shop@t.json': JSON.stringify(table),
  'shop@t.sql':
    'CREATE TABLE IF NOT EXISTS `t` (`a` int, `b` blob, `l` varchar(9)) DEFAULT CHARSET=latin1;\n',
  'shop@t.triggers.sql':
    'DELIMITER ;;\nCREATE TRIGGER g BEFORE INSERT ON `t` FOR EACH ROW SET @a = 1;;\nDELIMITER ;\n',
  'shop@t@0.tsv.zst': `1\t${Buffer.from([0, 9, 10, 92]).toString('base64')}\té\n2\t\\N\t\\N\n`,
  'shop@t@@1.tsv.zst': '3\t\ta\\tb\n',
  'shop@v.pre.sql': 'CREATE TABLE IF NOT EXISTS `v` (`a` int);\n',
  'shop@v.sql': 'DROP TABLE IF EXISTS `v`;\nCREATE VIEW `v` AS select 1 AS `a`;\n',
}

function takeShell(files: Files) {
  return takeDump('mysql-shell', files)
}

test('a folder of MySQL Shell: chunks in order, columns decoded, rows counted', async () => {
  const taken = await takeDump('mysql-shell', shell)
  assert.equal(
    Buffer.from(taken.text('shop/t'), 'latin1').toString(),
    '1\t\\0\\t\\n\\\\\té\n2\t\\N\t\\N\n3\t\ta\\tb\n',
  )
  const [schema] = taken.content.schemas
  assert.deepEqual(
    schema?.tables[0]?.columns.map(({ encoding }) => encoding),
    ['plain', 'plain', 'utf8'],
  )
  assert.deepEqual(
    schema?.tables[0]?.triggers.map(({ name }) => name),
    ['g'],
  )
  assert.deepEqual([schema.tables.length, schema.views.length, schema.routines.length], [1, 1, 1])
  assert.deepEqual(taken.result.point.position, { file: 'binlog.000003', offset: 157 })
  assert.equal(taken.result.isPartial, false)
  assert.match(taken.result.warnings.join('\n'), /accounts and grants are not part of the backup/)
  const narrowed = await takeDump('mysql-shell', {
    ...shell,
    '@.json': JSON.stringify({ ...instance, options: { excludeTables: ['x'] } }),
  })
  assert.equal(narrowed.result.isPartial, true)
})

test('a folder of MySQL Shell is refused where it is not whole or cannot be told', async () => {
  const having = (changes: object): Files => ({
    ...shell,
    '@.json': JSON.stringify({ ...instance, ...changes }),
  })
  const describing = (changes: object): Files => ({
    ...shell,
    'shop@t.json': JSON.stringify({ ...table, options: { ...tableOptions, ...changes } }),
  })
  await rejects(takeShell(without(shell, '@.done.json')), 'DUMP_INCOMPLETE', /@\.done\.json is missing/)
  await rejects(
    takeShell(without(shell, 'shop@t@@1.tsv.zst')),
    'DUMP_INCOMPLETE',
    /shop@t@1\.tsv\.zst is missing, and the last/,
  )
  await rejects(
    takeShell(without(shell, 'shop@t@0.tsv.zst')),
    'DUMP_INCOMPLETE',
    /the rows of shop@t are missing/,
  )
  await rejects(takeShell(without(shell, 'shop@t.sql')), 'DUMP_INCOMPLETE', /shop@t\.sql is missing/)
  await rejects(
    takeShell(having({ capabilities: [{ id: 'innodb_vector_store' }] })),
    'UNSUPPORTED',
    /needs innodb_vector_store/,
  )
  await rejects(takeShell(having({ version: '3.0.0' })), 'UNSUPPORTED', /version 3\.0\.0/)
  await rejects(takeShell({ ...shell, '@.json': '{' }), 'UNSUPPORTED', /@\.json is not what MySQL Shell/)
  await rejects(
    takeShell({ ...shell, 'shop@t@@1.tsv.zst': '' }),
    'DUMP_INCOMPLETE',
    /shop\.t has 2 rows, and @\.done\.json says 3/,
  )
  const counted = { shop: { t: 3, u: 4 }, mysql: { x: 1 } }
  await rejects(
    takeShell({ ...shell, '@.done.json': JSON.stringify({ tableRows: counted }) }),
    'DUMP_INCOMPLETE',
    /shop\.u has 0 rows, and @\.done\.json says 4/,
  )
  await rejects(takeShell(describing({ fieldsTerminatedBy: ',' })), 'UNSUPPORTED', /another dialect/)
  await rejects(
    takeShell(describing({ decodeColumns: { b: 'STRING_TO_VECTOR(@`b`)' } })),
    'UNSUPPORTED',
    /written as STRING_TO_VECTOR/,
  )
  await rejects(
    takeShell({ ...shell, 'shop@t@@1.tsv.zst': '3\t!\ta\n' }),
    'UNSUPPORTED',
    /shop@t@@1\.tsv\.zst, row 1: b is not base64/,
  )
})
