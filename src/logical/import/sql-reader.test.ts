import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isHoldfastError } from '../../core/errors.ts'
import { SqlReader } from './sql-reader.ts'

/** What a text is cut into: comments as `-- text`, statements as they are, rows as lists of kinds and bytes. */
async function readAll(
  sql: string | Buffer,
  pieceBytes: number,
  codeEnd?: string,
): Promise<readonly string[]> {
  const bytes = Buffer.from(sql)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const reader = new SqlReader('dump.sql', pieces(), codeEnd)
  const items: string[] = []
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind === 'comment') items.push(`-- ${item.text}`)
    else if (item.kind === 'statement') items.push(item.bytes.toString('latin1'))
    else {
      items.push(
        `INSERT ${[item.schema, item.table].filter(Boolean).join('.')}(${item.columns?.join() ?? ''})`,
      )
      const take = (
        held: Buffer,
        row: { readonly length: number; at(i: number): { kind: string; start: number; end: number } },
      ) => {
        const values = Array.from({ length: row.length }, (_, at) => {
          const { kind, start, end } = row.at(at)
          return kind === 'null' || kind === 'default'
            ? kind
            : `${kind} ${held.toString('latin1', start, end)}`
        })
        items.push(`(${values.join('|')})`)
      }
      while (await reader.nextRows(take));
    }
  }
  return items
}

const pieces = [1, 2, 3, 5, 8, 64, 4096]

/** The same, whatever the pieces are. */
async function cut(sql: string, codeEnd?: string): Promise<readonly string[]> {
  const [first = [], ...others] = await Promise.all(pieces.map((length) => readAll(sql, length, codeEnd)))
  for (const other of others) assert.deepEqual(other, first)
  return first
}

const good: readonly (readonly [says: string, sql: string, items: readonly string[]])[] = [
  ['statements end at semicolons', 'USE a; USE b ;\n', ['USE a', 'USE b']],
  ['a last statement may lack its semicolon', 'USE a;\nCOMMIT', ['USE a', 'COMMIT']],
  ['semicolons in quotes are text', 'SET @a=\';\', @b=";", @c=`;`;', ['SET @a=\';\', @b=";", @c=`;`']],
  [
    'a quote is doubled or escaped',
    "SET @a='it''s', @b='it\\'s;', @c='\\\\';COMMIT;",
    ["SET @a='it''s', @b='it\\'s;', @c='\\\\'", 'COMMIT'],
  ],
  ['a backslash in a name is none', 'USE `a\\`;COMMIT;', ['USE `a\\`', 'COMMIT']],
  [
    'comments hide semicolons and quotes',
    "COMMIT /* ; ' */ # ; '\n -- ; '\n AND CHAIN;",
    ["COMMIT /* ; ' */ # ; '\n -- ; '\n AND CHAIN"],
  ],
  ['two dashes without a blank are no comment', 'SET @a=1--1;COMMIT;', ['SET @a=1--1', 'COMMIT']],
  [
    'lines of comment are handed out',
    '-- Host: x\n--\n-- Dump completed on 2026-01-01\n',
    ['-- Host: x', '-- ', '-- Dump completed on 2026-01-01'],
  ],
  ['blocks of comment are not', '/* about */ COMMIT;', ['COMMIT']],
  [
    'conditional comments are statements',
    '/*!40101 SET NAMES utf8mb4 */;\n/*M!100616 SET X=1 */;',
    ['/*!40101 SET NAMES utf8mb4 */', '/*M!100616 SET X=1 */'],
  ],
  [
    'a semicolon in a conditional comment ends nothing',
    '/*!50003 CREATE TRIGGER t BEGIN a; b; END */;COMMIT;',
    ['/*!50003 CREATE TRIGGER t BEGIN a; b; END */', 'COMMIT'],
  ],
  [
    'a comment in a conditional comment does not end it',
    '/*!50003 BEGIN /* a; */ b; END */;COMMIT;',
    ['/*!50003 BEGIN /* a; */ b; END */', 'COMMIT'],
  ],
  [
    'the sandbox line is skipped',
    '/*M!999999\\- enable the sandbox mode */ \n-- x\nCOMMIT;',
    ['-- x', 'COMMIT'],
  ],
  [
    'DELIMITER counts until the next one',
    'DELIMITER ;;\nBEGIN a; END ;;\nDELIMITER ;\nCOMMIT;',
    ['BEGIN a; END', 'COMMIT'],
  ],
  [
    'DELIMITER may be two dollars',
    'delimiter $$\nBEGIN a; END$$\nDELIMITER ;\nCOMMIT;',
    ['BEGIN a; END', 'COMMIT'],
  ],
  [
    'a delimiter may follow blanks',
    'DELIMITER ;;\n/*!50106 EVENT e */ ;;\nDELIMITER ;',
    ['/*!50106 EVENT e */'],
  ],
  [
    'rows come one by one',
    "INSERT INTO `t` VALUES (1,'a'),\n(2,NULL);",
    ['INSERT t()', '(number 1|text a)', '(number 2|null)'],
  ],
  [
    'columns are named',
    'INSERT INTO `a``b`.`t` (`x`, `y,z`) VALUES\n(-1.5e-3,.5)\n,(+2,0)\n;COMMIT;',
    ['INSERT a`b.t(x,y,z)', '(number -1.5e-3|number .5)', '(number +2|number 0)', 'COMMIT'],
  ],
  [
    'modifiers of INSERT are passed over',
    'INSERT  IGNORE INTO t VALUES (DEFAULT);REPLACE INTO t VALUES (1);',
    ['INSERT t()', '(default)', 'INSERT t()', '(number 1)'],
  ],
  [
    'bytes have many forms',
    "INSERT INTO t VALUES (_binary 'a\\0',0x00fF,x'41',b'101',0b11,_binary 0x41);",
    ['INSERT t()', '(binary a\\0|hex 00fF|hex 41|bits 101|bits 11|hex 41)'],
  ],
  [
    'texts may be in double quotes',
    'INSERT INTO t VALUES ("it\'s \\" ");',
    ['INSERT t()', '(text it\'s \\" )'],
  ],
  [
    'text may be converted',
    'INSERT INTO t VALUES (CONVERT(\'{"a": ")"}\' USING UTF8MB4));',
    ['INSERT t()', '(utf8 {"a": ")"})'],
  ],
  [
    'parentheses and semicolons in text are text',
    "INSERT INTO t VALUES (';),('),(')');COMMIT;",
    ['INSERT t()', '(text ;),()', '(text ))', 'COMMIT'],
  ],
  ['a last INSERT may lack its semicolon', 'INSERT INTO t VALUES (1)\n', ['INSERT t()', '(number 1)']],
  [
    'LF and other bytes in text are text',
    "INSERT INTO t VALUES ('a\nb\r\t\x00\xFF');",
    ['INSERT t()', '(text a\nb\r\t\x00Ã¿)'],
  ],
]

for (const [says, sql, items] of good) {
  test(`SQL of a dump: ${says}`, async () => {
    assert.deepEqual(await cut(sql), items)
  })
}

const bad: readonly (readonly [
  says: string,
  sql: string,
  code: 'UNSUPPORTED' | 'DUMP_INCOMPLETE',
  message: RegExp,
])[] = [
  ['a text without its end', "COMMIT;\nSET @a = 'x;\n", 'DUMP_INCOMPLETE', /ends within .* line 2/],
  ['a name without its end', 'USE `a;', 'DUMP_INCOMPLETE', /ends within/],
  ['a comment without its end', 'COMMIT; /* x', 'DUMP_INCOMPLETE', /ends within/],
  ['a conditional comment without its end', '/*!40101 SET NAMES utf8', 'DUMP_INCOMPLETE', /ends within/],
  [
    'a row without its end',
    "COMMIT;\n\nINSERT INTO t VALUES (1),(2,'x",
    'DUMP_INCOMPLETE',
    /ends within .* line 3/,
  ],
  ['a statement cut within INSERT', 'INSERT INTO `t`', 'DUMP_INCOMPLETE', /ends within/],
  [
    'a call in a row',
    'INSERT INTO t VALUES\n(1),\n(NOW());',
    'UNSUPPORTED',
    /line 3: rows of literals are expected, and here is: NOW\(\)/,
  ],
  ['another character set in a row', "INSERT INTO t VALUES (_sjis 'x');", 'UNSUPPORTED', /here is: _sjis/],
  ['a subquery', 'INSERT INTO t SELECT 1;', 'UNSUPPORTED', /here is: SELECT 1/],
  [
    'text after a row',
    'INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a=1;',
    'UNSUPPORTED',
    /here is: ON DUPLICATE/,
  ],
  ['two values without a comma', 'INSERT INTO t VALUES (1 2);', 'UNSUPPORTED', /here is: 2\);/],
  ['a number that is none', 'INSERT INTO t VALUES (1x);', 'UNSUPPORTED', /here is: 1x/],
]

for (const [says, sql, code, message] of bad) {
  test(`SQL of a dump is refused with its place: ${says}`, async () => {
    for (const length of pieces) {
      await assert.rejects(readAll(sql, length), (error: unknown) => {
        assert.ok(isHoldfastError(error, code), String(error))
        assert.match(error.message, message)
        return true
      })
    }
  })
}

test('code without DELIMITER ends where the settings behind it begin', async () => {
  const end = 'SET character_set_client = @PREV_CHARACTER_SET_CLIENT'
  const sql = `SET @a = 1;\nCREATE PROCEDURE p() BEGIN SELECT '\\'; SELECT 2; END;\n${end};\nCOMMIT;`
  assert.deepEqual(await cut(sql, end), [
    'SET @a = 1',
    "CREATE PROCEDURE p() BEGIN SELECT '\\'; SELECT 2; END",
    end,
    'COMMIT',
  ])
})

/** As mysql_real_escape_string does. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\0': '\\0',
    '\n': '\\n',
    '\r': '\\r',
    '\\': '\\\\',
    "'": "\\'",
    '"': '\\"',
    '\x1A': '\\Z',
  }
  return `'${Array.from(text, (char) => escapes[char] ?? char).join('')}'`
}

const awkward = fc.string({
  unit: fc.constantFrom('a', "'", '"', '\\', ';', ',', '(', ')', '\n', '\0', '-', '/', '*', '`', '\x1A', ' '),
  maxLength: 20,
})

test('rows of any text are cut alike, whatever the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.option(awkward), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      async (rows, length) => {
        const text = rows
          .map((row) => `(${row.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')})`)
          .join(',')
        const items = await readAll(`INSERT INTO t VALUES ${text};\nCOMMIT;`, length)
        const expected = rows.map(
          (row) =>
            `(${row.map((value) => (value === null ? 'null' : `text ${quoted(value).slice(1, -1)}`)).join('|')})`,
        )
        assert.deepEqual(items, ['INSERT t()', ...expected, 'COMMIT'])
      },
    ),
  )
})
