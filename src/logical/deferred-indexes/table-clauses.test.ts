import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWithout, tableClauses } from './table-clauses.ts'

const innodb = ') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4'

function table(lines: readonly string[], tail = innodb): string {
  return `CREATE TABLE \`t\` (\n  ${lines.join(',\n  ')}\n${tail}`
}

function kindsOf(ddl: string): readonly string[] | undefined {
  return tableClauses(ddl)?.clauses.map((clause) => clause.kind)
}

test('a definition is cut into its clauses, and put together it is the same text', () => {
  const ddl = table([
    "`id` int NOT NULL AUTO_INCREMENT COMMENT 'a, (b'",
    "`e` enum('x''),','\\'','``') DEFAULT 'x''),'",
    '`odd``,( name` decimal(10,2) GENERATED ALWAYS AS (((`id` + 1) * 2)) VIRTUAL',
    '`v` int /*!80023 INVISIBLE */',
    'PRIMARY KEY (`id`)',
    'UNIQUE KEY `u` (`odd``,( name`,`e`(3) DESC) USING BTREE',
    "KEY `k,(` (`v`) COMMENT 'x ,)'",
    'FULLTEXT KEY `f` (`e`) /*!50100 WITH PARSER `ngram` */ ',
    'CONSTRAINT `fk` FOREIGN KEY (`v`) REFERENCES `other``s` (`id`) ON DELETE SET NULL',
    'CONSTRAINT `fk2` FOREIGN KEY (`v`) REFERENCES `s`.`other` (`id`)',
    "CONSTRAINT `c` CHECK ((`e` <> _latin1'KEY ,('))",
  ])
  const clauses = tableClauses(ddl)
  assert.ok(clauses !== undefined)
  assert.equal(createWithout(clauses, new Set()), ddl.replace('*/ ,', '*/,'))
  const kinds = ['column', 'column', 'column', 'column', 'key', 'key', 'key', 'key']
  assert.deepEqual(kindsOf(ddl), [...kinds, 'foreign', 'foreign', 'check'])
  const keys = clauses.clauses.filter((clause) => clause.kind === 'key')
  assert.deepEqual(
    keys.map(({ name, type, firstColumn, isPlain }) => [name, type, firstColumn, isPlain]),
    [
      ['', 'primary', 'id', true],
      ['u', 'unique', 'odd`,( name', true],
      ['k,(', 'plain', 'v', true],
      ['f', 'fulltext', 'e', true],
    ],
  )
  const foreign = clauses.clauses.filter((clause) => clause.kind === 'foreign')
  assert.deepEqual(
    foreign.map(({ references }) => references),
    [{ name: 'other`s' }, { schema: 's', name: 'other' }],
  )
})

test('left out clauses leave no comma behind, first or last', () => {
  const clauses = tableClauses(table(['`a` int', 'KEY `k` (`a`)', 'KEY `l` (`a`)']))
  assert.ok(clauses !== undefined)
  const [, k, l] = clauses.clauses
  assert.ok(k !== undefined && l !== undefined)
  assert.equal(createWithout(clauses, new Set([l])), table(['`a` int', 'KEY `k` (`a`)']))
  assert.equal(createWithout(clauses, new Set([k, l])), table(['`a` int']))
})

test('a key is plain only when nothing is in it that is not known', () => {
  for (const key of [
    'KEY `k` ((lower(`a`)))',
    'KEY `k` (`a`) /*!80000 INVISIBLE */',
    'KEY `k` (`a`) IGNORED',
    'UNIQUE KEY `k` (`a`) USING HASH',
    'UNIQUE KEY `k` (`a`,`p` WITHOUT OVERLAPS)',
    'KEY `k` (`a`) KEY_BLOCK_SIZE=4',
  ]) {
    const [, clause] = tableClauses(table(['`a` int', key]))?.clauses ?? []
    assert.ok(clause?.kind === 'key' && !clause.isPlain, key)
  }
})

test('what is not known is told apart from what is', () => {
  const keys = ['VECTOR KEY `v` (`a`)', 'CHECK (`a` > 0)']
  assert.deepEqual(kindsOf(table(['`a` int', ...keys])), ['column', 'unknown', 'check'])
})

function isOrdinary(ddl: string): boolean | undefined {
  return tableClauses(ddl)?.isOrdinary
}

test('tables that are partitioned, versioned, with periods or of another engine are not ordinary', () => {
  assert.equal(isOrdinary(table(['`a` int'])), true)
  assert.equal(isOrdinary(table(['`a` int'], `${innodb} COMMENT='PARTITION VERSIONING'`)), true)
  assert.equal(isOrdinary(table(['`a` int'], `${innodb} /*!80016 ENCRYPTION='Y' */`)), true)
  assert.equal(isOrdinary(table(['`a` int'], `${innodb}\n/*!50100 PARTITION BY HASH (\`a\`) */`)), false)
  assert.equal(isOrdinary(table(['`a` int'], `${innodb}\n PARTITION BY HASH (\`a\`)`)), false)
  assert.equal(isOrdinary(table(['`a` int'], `${innodb} WITH SYSTEM VERSIONING`)), false)
  assert.equal(isOrdinary(table(['`a` date', 'PERIOD FOR `p` (`a`, `a`)'])), false)
  assert.equal(isOrdinary(table(['`a` int'], ') ENGINE=MyISAM')), false)
  assert.equal(isOrdinary(table(['`a` int'], ") COMMENT='ENGINE=InnoDB'")), false)
})

test('what no server prints is not understood', () => {
  for (const ddl of [
    'CREATE TABLE `t` (`a` int',
    "CREATE TABLE `t` (`a` int DEFAULT 'x) ENGINE=InnoDB",
    'CREATE TABLE `t` (`a` int /* ) ENGINE=InnoDB',
    'CREATE TABLE `t` (`a` int, # )\n`b` int) ENGINE=InnoDB',
    'CREATE TABLE `t` (`a` int -- )\n) ENGINE=InnoDB',
    'CREATE TABLE `t` (`a` int UNIQUE) ENGINE=InnoDB',
    'CREATE TABLE `t` (`a` int REFERENCES `u` (`a`)) ENGINE=InnoDB',
    'CREATE TABLE `t` LIKE `u`',
    '',
  ])
    assert.equal(tableClauses(ddl), undefined, ddl)
})
