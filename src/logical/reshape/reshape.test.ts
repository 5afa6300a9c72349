import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CodeContent } from '../content.ts'
import { withDefiner } from './definer.ts'
import { renamedCode } from './rename-code.ts'
import { renamedDdl, renamedSchemaDdl } from './rename-table.ts'
import { Renames } from './renames.ts'

function code(kind: CodeContent['kind'], statement: CodeContent['statement'], sqlMode = ''): CodeContent {
  const session = { charsetClient: 'utf8mb4', collationConnection: 'utf8mb4_general_ci' }
  return { kind, name: 'n', statement, sqlMode, ...session }
}

const renames = new Renames({ schemas: [{ from: 'shop', to: 'co`py' }], tables: [] }, false)
const moved = new Renames(
  { schemas: [], tables: [{ from: { schema: 'shop', name: 't' }, to: { schema: 'new', name: 'u' } }] },
  false,
)

function renamed(kind: CodeContent['kind'], statement: string, sqlMode = '', by = renames) {
  return renamedCode(code(kind, statement, sqlMode), by)?.statement
}

test('a view names the new schema wherever it named the old one, and texts stay', () => {
  assert.equal(
    renamed(
      'view',
      "CREATE VIEW `shop`.`v` AS select `shop`.`t`.`a` AS `shop`,'`shop`.`t`' AS `x`,`shop`.`f`(`c`.`shop`) from (`shop`.`t` join `crm`.`c`)",
    ),
    "CREATE VIEW `co``py`.`v` AS select `co``py`.`t`.`a` AS `shop`,'`shop`.`t`' AS `x`,`co``py`.`f`(`c`.`shop`) from (`co``py`.`t` join `crm`.`c`)",
  )
  assert.equal(
    renamed(
      'view',
      'CREATE VIEW `shop`.`t` (`a`) AS select `shop`.`o`.`a` from `shop`.`o` where `shop`.`t`(1)',
      '',
      moved,
    ),
    'CREATE VIEW `new`.`u` (`a`) AS select `shop`.`o`.`a` from `shop`.`o` where `shop`.`t`(1)',
  )
})

test('a view in which an alias may have the name of the schema is not rewritten', () => {
  for (const statement of [
    'CREATE VIEW `crm`.`v` AS select `shop`.`a` AS `a` from `crm`.`t` `shop`',
    'CREATE VIEW `crm`.`v` AS with `shop` as (select 1 AS `a`) select `shop`.`a` AS `a` from `shop`',
    'CREATE VIEW `crm`.`v` AS select `shop`.`a` AS `a` from (select 1 AS `a`) `shop`',
  ]) {
    assert.equal(renamed('view', statement), undefined, statement)
  }
  const bytes = Buffer.from('CREATE VIEW `shop`.`v` AS select "\xE4"', 'latin1').toString('base64')
  assert.equal(renamedCode(code('view', { base64: bytes }), renames), undefined)
})

test('code is renamed in its head only, and given up where its body names the schema', () => {
  for (const [kind, statement, expected, sqlMode] of [
    [
      'procedure',
      'CREATE DEFINER=`shop`@`%` PROCEDURE `shop`.`p`() SELECT t.shop FROM t',
      'CREATE DEFINER=`shop`@`%` PROCEDURE `co``py`.`p`() SELECT t.shop FROM t',
    ],
    [
      'trigger',
      'CREATE DEFINER=`r`@`l` TRIGGER shop.g BEFORE INSERT ON shop.t FOR EACH ROW SET @a = 1',
      'CREATE DEFINER=`r`@`l` TRIGGER `co``py`.g BEFORE INSERT ON `co``py`.t FOR EACH ROW SET @a = 1',
    ],
    ['trigger', 'CREATE TRIGGER g AFTER UPDATE ON `t` FOR EACH ROW CALL shop.p()', undefined],
    ['trigger', 'CREATE TRIGGER g AFTER UPDATE ON `t` FOR EACH ROW CALL /* x */ `shop` . p()', undefined],
    [
      'function',
      "CREATE FUNCTION f() RETURNS TEXT RETURN 'shop.t' /* shop.t */",
      "CREATE FUNCTION f() RETURNS TEXT RETURN 'shop.t' /* shop.t */",
    ],
    [
      'procedure',
      "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SELECT * FROM shop.t'; EXECUTE s; END",
      undefined,
    ],
    ['procedure', 'CREATE PROCEDURE p() SELECT "shop"."a" FROM t', undefined, 'ANSI_QUOTES'],
    [
      'procedure',
      'CREATE PROCEDURE p() SELECT "shop.a" FROM t',
      'CREATE PROCEDURE p() SELECT "shop.a" FROM t',
    ],
    [
      'package body',
      'CREATE PACKAGE BODY "shop"."k" AS END',
      'CREATE PACKAGE BODY `co``py`."k" AS END',
      'ANSI_QUOTES,ORACLE',
    ],
    ['event', 'CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.t', undefined],
  ] as const) {
    assert.equal(renamed(kind, statement, sqlMode), expected, statement)
  }
})

test('a table names its new neighbours in foreign keys and sequences', () => {
  const ddl = [
    'CREATE TABLE `t` (',
    "  `shop` int DEFAULT nextval(`shop`.`s`) COMMENT '`shop`.`t`',",
    '  CONSTRAINT `t_ibfk_1` FOREIGN KEY (`shop`) REFERENCES `o` (`id`),',
    '  CONSTRAINT `mine` FOREIGN KEY (`shop`) REFERENCES `shop`.`t` (`id`),',
    '  CONSTRAINT `t_chk_1` CHECK ((`shop` > 0)))',
  ].join('\n')
  const own = { schema: 'shop', name: 't' }
  assert.equal(
    renamedDdl(ddl, own, renames),
    ddl.replace('nextval(`shop`', 'nextval(`co``py`').replace('REFERENCES `shop`', 'REFERENCES `co``py`'),
  )
  assert.equal(
    renamedDdl(ddl, own, moved),
    ddl
      .replace('TABLE `t`', 'TABLE `u`')
      .replace('t_ibfk', 'u_ibfk')
      .replace('t_chk', 'u_chk')
      .replace('REFERENCES `o`', 'REFERENCES `shop`.`o`')
      .replace('REFERENCES `shop`.`t`', 'REFERENCES `new`.`u`'),
  )
  assert.equal(
    renamedSchemaDdl('CREATE DATABASE `a` /*!40100 x */', 'b'),
    'CREATE DATABASE `b` /*!40100 x */',
  )
})

test('a definer is changed where servers print it, and nowhere else', () => {
  const boss = { kind: 'account', user: 'bo`ss', host: '%' } as const
  const strip = { kind: 'strip' } as const
  const body = "PROCEDURE `p`() SELECT 'DEFINER=`x`@`y`' -- DEFINER=`x`@`y`"
  for (const [head, given, stripped] of [
    ['CREATE DEFINER=`a`@`b.%` ', 'CREATE DEFINER=`bo``ss`@`%` ', 'CREATE '],
    ['CREATE DEFINER = `role` ', 'CREATE DEFINER=`bo``ss`@`%` ', 'CREATE '],
    ['CREATE ', 'CREATE DEFINER=`bo``ss`@`%` ', 'CREATE '],
  ] as const) {
    assert.equal(withDefiner(code('procedure', head + body), boss).statement, given + body)
    assert.equal(withDefiner(code('procedure', head + body), strip).statement, stripped + body)
  }
  const view = 'CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select 1'
  assert.equal(withDefiner(code('view', view), strip).statement, view.replace('DEFINER=`a`@`b` ', ''))
  const role = withDefiner(code('view', view), { kind: 'account', user: 'boss' }).statement
  assert.equal(role, view.replace('`a`@`b`', '`boss`'))
  const bytes = Buffer.from("CREATE DEFINER=`a`@`b` PROCEDURE p() SELECT '\xE4'", 'latin1')
  const kept = withDefiner(code('procedure', { base64: bytes.toString('base64') }), boss).statement
  assert.ok(typeof kept !== 'string')
  assert.equal(
    Buffer.from(kept.base64, 'base64').toString('latin1'),
    "CREATE DEFINER=`bo``ss`@`%` PROCEDURE p() SELECT '\xE4'",
  )
})
