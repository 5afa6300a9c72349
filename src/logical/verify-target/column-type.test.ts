import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ColumnType, columnTypeIn, haveSameText } from './column-type.ts'

const ddl = [
  'CREATE TABLE `t` (',
  "  `e` enum('a','it''s (odd)','c)') CHARACTER SET latin1 DEFAULT NULL COMMENT '\\n  `d` int',",
  '  `a``b` int(8) unsigned zerofill NOT NULL,',
  '  `d` decimal(10,2) DEFAULT NULL,',
  '  `at` datetime(6) /*!80023 INVISIBLE */,',
  '  `year` year(4) DEFAULT NULL,',
  '  PRIMARY KEY (`d`)',
  ')',
].join('\n')

test('a type is found in a definition by its column, with its size', () => {
  assert.deepEqual(columnTypeIn(ddl, 'e'), {
    name: 'enum',
    size: "'a','it''s (odd)','c)'",
    isZerofill: false,
  })
  assert.deepEqual(columnTypeIn(ddl, 'a`b'), { name: 'int', size: '8', isZerofill: true })
  assert.deepEqual(columnTypeIn(ddl, 'd'), { name: 'decimal', size: '10,2', isZerofill: false })
  assert.deepEqual(columnTypeIn(ddl, 'at'), { name: 'datetime', size: '6', isZerofill: false })
  assert.equal(columnTypeIn(ddl, 'row_start'), undefined)
})

function isSame(one: string, other: string): boolean {
  return haveSameText(type(one), type(other))
}

function type(text: string): ColumnType {
  return columnTypeIn(`\n  \`c\` ${text} NOT NULL`, 'c') ?? { name: '', size: '', isZerofill: false }
}

test('types that write values alike can be compared, and others cannot', () => {
  for (const [one, other] of [
    ['int(11)', 'bigint unsigned'],
    ['float', 'double(10,2)'],
    ['varchar(10)', 'longtext'],
    ['uuid', 'char(36)'],
    ['datetime(3)', 'timestamp(3)'],
    ['year(4)', 'year'],
    ['geometrycollection', 'geomcollection'],
    ["enum('a')", "enum('a','b')"],
    ['varbinary(5)', 'blob'],
  ] as const) {
    assert.ok(isSame(one, other), `${one}, ${other}`)
  }
  for (const [one, other] of [
    ['int(8) zerofill', 'int(8)'],
    ['datetime', 'datetime(6)'],
    ['decimal(10,2)', 'decimal(10,3)'],
    ['binary(16)', 'varbinary(16)'],
    ['uuid', 'binary(16)'],
    ['varchar(10)', 'varbinary(10)'],
    ['bit(8)', 'bit(9)'],
    ['time', 'time(2)'],
  ] as const) {
    assert.ok(!isSame(one, other), `${one}, ${other}`)
  }
})
