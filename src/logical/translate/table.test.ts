import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceKinds, targetOf } from '../../../test/support/target-servers.ts'
import { isHoldfastError } from '../../core/errors.ts'
import type { ColumnContent, TableContent } from '../content.ts'
import { TranslationReport } from './report.ts'
import { translatedTable } from './table.ts'

interface Definition {
  readonly clauses: readonly string[]
  readonly tail?: string
  readonly columns?: readonly ColumnContent[]
  readonly hasHistory?: boolean
}

/** The clauses and the tail of the translated table, and what was told. */
function translate(
  source: keyof typeof sourceKinds,
  target: Parameters<typeof targetOf>[0],
  { clauses, tail = ') ENGINE=InnoDB DEFAULT CHARSET=latin1', columns = [], hasHistory = false }: Definition,
  takenChecks = new Set<string>(),
) {
  const report = new TranslationReport()
  const table: TableContent = {
    name: 't',
    ddl: `CREATE TABLE \`t\` (\n  ${clauses.join(',\n  ')}\n${tail}`,
    engine: 'InnoDB',
    isTransactional: true,
    object: 'o',
    columns: [...columns],
    rows: 1,
    hasHistory,
    isInsertOnly: false,
    triggers: [],
  }
  const object = 'table s.t'
  const result = translatedTable({
    object,
    table,
    source: sourceKinds[source],
    target: targetOf(target),
    tell: report.of(object),
    takenChecks,
  })
  const end = result.table.ddl.indexOf('\n)')
  return {
    ...result,
    clauses: result.table.ddl.slice(result.table.ddl.indexOf('(\n  ') + 4, end).split(',\n  '),
    tail: result.table.ddl.slice(end + 1),
    told: report.entries.map(({ severity, what }) => `${severity} ${what}`),
  }
}

test('what MySQL prints in comments for its own versions is in the open, or gone and told', () => {
  const { clauses, told } = translate('mysql', 'mariadb-10.11', {
    clauses: [
      '`id` int NOT NULL',
      "`hidden` int DEFAULT '7' /*!80023 INVISIBLE */",
      '`must` int NOT NULL /*!80023 INVISIBLE */',
      '`p` point NOT NULL /*!80003 SRID 4326 */',
      '`c` int /*!50606 STORAGE DISK */ DEFAULT NULL',
      'PRIMARY KEY (`id`)',
      'KEY `v` (`hidden` DESC) /*!80000 INVISIBLE */',
      'CONSTRAINT `loose` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */',
      'CONSTRAINT `firm` CHECK ((`id` < 9))',
    ],
  })
  assert.deepEqual(clauses, [
    '`id` int NOT NULL',
    "`hidden` int DEFAULT '7' INVISIBLE",
    '`must` int NOT NULL',
    '`p` point NOT NULL',
    '`c` int DEFAULT NULL',
    'PRIMARY KEY (`id`)',
    'KEY `v` (`hidden` DESC) IGNORED',
    'CONSTRAINT `firm` CHECK ((`id` < 9))',
  ])
  assert.deepEqual(
    told.map((line) => line.replace(/: .*/, '')),
    [
      'changed column must',
      'changed column p',
      'dropped column c',
      'dropped check loose, which is not enforced',
      'differs column p',
    ],
  )
})

test('keys over expressions are dropped by name, and of a unique one it is told what goes with it', () => {
  const { clauses, told } = translate('mysql', 'mariadb-11.8', {
    clauses: [
      '`a` int NOT NULL',
      'KEY `plain` (`a`,`b`(3) DESC)',
      'KEY `f` ((`a` * 2),`a`)',
      'UNIQUE KEY `u` (`a`,(lower(`b`)))',
    ],
  })
  assert.deepEqual(clauses, ['`a` int NOT NULL', 'KEY `plain` (`a`,`b`(3) DESC)'])
  assert.deepEqual(told, [
    'dropped key f: it is over an expression',
    'dropped key u, and with it that its values are unique: it is over an expression',
  ])
})

test('a generated column loses NOT NULL on MariaDB, and a primary key over one becomes a unique key', () => {
  const { clauses } = translate('mysql', 'mariadb-11.8', {
    clauses: [
      '`a` int DEFAULT NULL',
      '`g` int GENERATED ALWAYS AS ((`a` + 1)) STORED NOT NULL',
      'PRIMARY KEY (`g`)',
    ],
  })
  assert.deepEqual(clauses.slice(1), [
    '`g` int GENERATED ALWAYS AS ((`a` + 1)) STORED',
    'UNIQUE KEY `primary_key` (`g`)',
  ])
})

test('strings with a character set go to MariaDB so that it keeps them', () => {
  const { clauses } = translate('mysql', 'mariadb-11.8', {
    clauses: [
      "`a` varchar(9) GENERATED ALWAYS AS (concat(_utf8mb4'x',_utf8mb4'é',_latin1 x'e9',_latin1'y')) STORED",
    ],
  })
  assert.deepEqual(clauses, [
    "`a` varchar(9) GENERATED ALWAYS AS (concat('x',convert(x'c3a9' using utf8mb4),convert(x'e9' using latin1),_latin1'y')) STORED",
  ])
})

test('JSON, vectors and shapes get the types that the target has', () => {
  const columns = [
    { name: 'j', encoding: 'json' },
    { name: 'v', encoding: 'plain' },
  ] as const
  const clauses = ['`j` json DEFAULT NULL', '`v` vector(4) DEFAULT NULL', '`g` geomcollection DEFAULT NULL']
  const older = translate('mysql', 'mariadb-10.11', { clauses, columns })
  assert.deepEqual(older.clauses, [json('j'), '`v` blob DEFAULT NULL', '`g` geometrycollection DEFAULT NULL'])
  assert.equal(older.table.columns[0]?.encoding, 'plain', 'text goes into LONGTEXT as it is')
  assert.equal(
    translate('mysql', 'mariadb-11.8', { clauses, columns }).clauses[1],
    '`v` vector(4) DEFAULT NULL',
  )
})

function json(name: string): string {
  return `\`${name}\` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(\`${name}\`))`
}

test('JSON of MariaDB becomes JSON, unless a key is over it', () => {
  const { clauses, table } = translate('mariadb', 'mysql', {
    clauses: [json('j'), json('k'), 'KEY `k` (`k`(10))'],
    columns: [
      { name: 'j', encoding: 'plain' },
      { name: 'k', encoding: 'plain' },
    ],
  })
  assert.deepEqual(clauses, ['`j` json DEFAULT NULL', json('k'), 'KEY `k` (`k`(10))'])
  assert.deepEqual(
    table.columns.map(({ encoding }) => encoding),
    ['utf8', 'plain'],
  )
})

test('defaults go to MySQL in the form that it takes', () => {
  const { clauses, told } = translate('mariadb', 'mysql', {
    clauses: [
      "`a` text DEFAULT 'x'",
      '`b` int(11) DEFAULT (1 + 1)',
      '`c` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp()',
      '`d` char(36) DEFAULT uuid()',
      '`e` date DEFAULT current_timestamp()',
      '`f` bigint(20) NOT NULL DEFAULT nextval(`s`.`q`)',
      "`g` int(11) DEFAULT -1 COMMENT 'DEFAULT uuid()'",
      "`h` bit(3) DEFAULT b'101'",
      "`i` varbinary(9) DEFAULT x'ff'",
    ],
  })
  assert.deepEqual(clauses, [
    "`a` text DEFAULT ('x')",
    '`b` int(11) DEFAULT (1 + 1)',
    '`c` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp()',
    '`d` char(36) DEFAULT (uuid())',
    '`e` date DEFAULT (current_timestamp())',
    '`f` bigint(20) NOT NULL',
    "`g` int(11) DEFAULT -1 COMMENT 'DEFAULT uuid()'",
    "`h` bit(3) DEFAULT b'101'",
    "`i` varbinary(9) DEFAULT x'ff'",
  ])
  assert.deepEqual(told, ['dropped column f: its default, which takes numbers from a sequence'])
})

test('what only MariaDB has becomes text, or goes and is told', () => {
  const { clauses, tail, told } = translate('mariadb', 'mysql', {
    clauses: [
      '`u` uuid DEFAULT uuid()',
      '`i` inet6 DEFAULT NULL',
      '`t` text /*M!100301 COMPRESSED*/ DEFAULT NULL',
      'UNIQUE KEY `t` (`t`) USING HASH',
      'KEY `i` (`i`) IGNORED',
      'VECTOR KEY `v` (`v`) `M`=6 `DISTANCE`=euclidean',
    ],
    tail: ") ENGINE=Aria AUTO_INCREMENT=5 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci PAGE_CHECKSUM=1 TRANSACTIONAL=1 `PAGE_COMPRESSED`=1 COMMENT='a) ENGINE=Aria'",
  })
  assert.deepEqual(clauses, [
    '`u` char(36) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT (uuid())',
    '`i` varchar(39) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL',
    '`t` text DEFAULT NULL',
    'KEY `i` (`i`) INVISIBLE',
  ])
  assert.equal(
    tail,
    ") ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='a) ENGINE=Aria'",
  )
  assert.deepEqual(told, [
    'changed column u: UUID becomes CHAR(36), as text',
    'changed column i: INET6 becomes VARCHAR(39), as text',
    'changed column t: not compressed',
    'changed engine Aria becomes InnoDB',
    'dropped option PAGE_COMPRESSED=1',
    'dropped key t, and with it that its values are unique: it is over a whole text',
    'dropped key v: it is over a vector',
  ])
})

test('a versioned table keeps the rows that hold, without the columns that say how long', () => {
  const { clauses, table, rowChange } = translate('mariadb', 'mysql', {
    clauses: [
      '`id` int(11) NOT NULL',
      '`s` timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE',
      '`e` timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE',
      'PRIMARY KEY (`id`,`e`)',
      'PERIOD FOR SYSTEM_TIME (`s`, `e`)',
    ],
    tail: ') ENGINE=InnoDB DEFAULT CHARSET=latin1 WITH SYSTEM VERSIONING\n PARTITION BY SYSTEM_TIME \n(PARTITION `p0` HISTORY ENGINE = InnoDB,\n PARTITION `pn` CURRENT ENGINE = InnoDB)',
    columns: [
      { name: 'id', encoding: 'plain' },
      { name: 's', encoding: 'plain' },
      { name: 'e', encoding: 'plain' },
    ],
    hasHistory: true,
  })
  assert.deepEqual(clauses, ['`id` int(11) NOT NULL', 'PRIMARY KEY (`id`)'])
  assert.doesNotMatch(table.ddl, /VERSIONING|SYSTEM_TIME/)
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ['id'],
  )
  assert.deepEqual(rowChange, { kind: 'current-only' })
  assert.equal(table.hasHistory, false)
})

test('between versions of MariaDB versioned rows keep their history, to the end of time of the target', () => {
  const { rowChange, table } = translate('mariadb', 'mariadb-10.11', {
    clauses: ['`id` int(11) NOT NULL'],
    tail: ') ENGINE=InnoDB DEFAULT CHARSET=latin1 WITH SYSTEM VERSIONING',
    columns: [{ name: 'id', encoding: 'plain' }],
    hasHistory: true,
  })
  assert.deepEqual(rowChange, { kind: 'end-of-time', to: '2038-01-19 03:14:07.999999' })
  assert.ok(table.hasHistory)
  assert.match(table.ddl, /WITH SYSTEM VERSIONING$/)
})

test('a period goes, and a key WITHOUT OVERLAPS is over both ends of it', () => {
  const { clauses, table } = translate('mariadb', 'mysql', {
    clauses: [
      '`s` date NOT NULL',
      '`e` date NOT NULL',
      'PERIOD FOR `p` (`s`, `e`)',
      'PRIMARY KEY (`id`,`p` WITHOUT OVERLAPS)',
    ],
  })
  assert.deepEqual(clauses.slice(2), ['PRIMARY KEY (`id`,`s`,`e`)'])
  assert.equal(table.isInsertOnly, false)
})

test('checks of one schema get names of their own on MySQL, and none is over a counter', () => {
  const taken = new Set<string>()
  const clauses = ['`id` int(11) NOT NULL AUTO_INCREMENT', 'CONSTRAINT `c` CHECK (`v` > 0)']
  assert.equal(translate('mariadb', 'mysql', { clauses }, taken).clauses[1], 'CONSTRAINT `c` CHECK (`v` > 0)')
  const second = translate('mariadb', 'mysql', { clauses }, taken)
  assert.equal(second.clauses[1], 'CONSTRAINT `c_t` CHECK (`v` > 0)')
  assert.deepEqual(second.told, ['changed check c is called c_t: the schema has another of that name'])
  const counter = translate('mariadb', 'mysql', {
    clauses: [clauses[0] ?? '', 'CONSTRAINT `d` CHECK (`id` > 0)'],
  })
  assert.deepEqual(counter.told, ['dropped check d: it is over a column with AUTO_INCREMENT'])
})

function partitions(engine: string): string {
  return ` PARTITION BY HASH (\`id\`)\n(PARTITION \`a\` ENGINE = ${engine})`
}

test('partitions stay where the target has them, with its engine', () => {
  const kept = translate('mariadb', 'mysql', {
    clauses: ['`id` int(11) NOT NULL'],
    tail: `) ENGINE=MyISAM DEFAULT CHARSET=latin1\n${partitions('MyISAM')}`,
  })
  assert.equal(kept.tail, `) ENGINE=InnoDB DEFAULT CHARSET=latin1\n${partitions('InnoDB')}`)
  const listed = translate('mariadb', 'mysql', {
    clauses: ['`id` int(11) NOT NULL'],
    tail: ') ENGINE=InnoDB DEFAULT CHARSET=latin1\n PARTITION BY LIST (`id`)\n(PARTITION `a` VALUES IN (1) ENGINE = InnoDB,\n PARTITION `b` DEFAULT ENGINE = InnoDB)',
  })
  assert.equal(listed.tail, ') ENGINE=InnoDB DEFAULT CHARSET=latin1')
  const shown = translate('mysql', 'mariadb-11.8', {
    clauses: ['`id` int NOT NULL'],
    tail: ") /*!50100 TABLESPACE `ts` */ ENGINE=InnoDB DEFAULT CHARSET=latin1 COMPRESSION='zlib'\n/*!50100 PARTITION BY KEY (id)\nPARTITIONS 3 */",
  })
  assert.equal(shown.tail, ') ENGINE=InnoDB DEFAULT CHARSET=latin1\n PARTITION BY KEY (id)\nPARTITIONS 3')
  assert.deepEqual(shown.told, ['dropped option TABLESPACE ts', "dropped option COMPRESSION='zlib'"])
})

test('the collation of a table is told of where one of its columns goes by it', () => {
  const tail = ') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci'
  const numbers = translate('mysql', 'mariadb-10.11', { clauses: ['`id` int NOT NULL'], tail })
  assert.match(numbers.tail, /COLLATE=utf8mb4_uca1400_nopad_ai_ci/)
  assert.deepEqual(numbers.told, [])
  const texts = translate('mysql', 'mariadb-10.11', {
    clauses: ["`v` varchar(9) DEFAULT 'COLLATE utf8mb4_0900_ai_ci'"],
    tail,
  })
  assert.equal(texts.clauses[0], "`v` varchar(9) DEFAULT 'COLLATE utf8mb4_0900_ai_ci'")
  assert.equal(texts.told.length, 1)
})

test('a table in a character set that the target lacks is refused by its name', () => {
  const definition = {
    clauses: ['`v` varchar(9) CHARACTER SET gb18030 COLLATE gb18030_chinese_ci DEFAULT NULL'],
  }
  assert.throws(
    () => translate('mysql', 'mariadb-11.8', definition),
    (error) =>
      isHoldfastError(error, 'UNSUPPORTED') &&
      /^table s\.t cannot be translated: .*gb18030/.test(error.message),
  )
})
