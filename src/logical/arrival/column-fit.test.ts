import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAll } from '../import/sql-tokens.ts'
import { parseCreateTable } from '../import/table-columns.ts'
import { type FittedColumn, fits } from './column-fit.ts'

function column(type: string): FittedColumn {
  const [parsed] =
    parseCreateTable(Buffer.from(`CREATE TABLE \`t\` (\`c\` ${type}) CHARSET=utf8mb4`), runAll)?.columns ?? []
  assert.ok(parsed)
  return { ...parsed, isUnsigned: type.includes('unsigned') }
}

test('a column fits where it takes every value as it is', () => {
  for (const [from, to] of [
    ['int(11)', 'int'],
    ['int', 'bigint'],
    ['int unsigned', 'bigint'],
    ['varchar(10)', 'varchar(20)'],
    ['char(10)', 'varchar(10)'],
    ['text', 'longtext'],
    ['decimal(10,2)', 'decimal(12,4)'],
    ['datetime', 'datetime(6)'],
    ["enum('a','b')", "enum('a','b','c')"],
    ['float', 'double'],
    ['varchar(5) CHARACTER SET ascii', 'varchar(5) CHARACTER SET latin1'],
    ['varchar(5) CHARACTER SET utf8', 'varchar(5)'],
    ['year(4)', 'year'],
    ['bit(8)', 'bit(8)'],
  ] as const) {
    assert.ok(fits(column(from), column(to)), `${from} into ${to}`)
  }
})

test('a column does not fit where a value might change or be refused', () => {
  for (const [from, to] of [
    ['bigint', 'int'],
    ['int', 'int unsigned'],
    ['int unsigned', 'int'],
    ['int', 'bigint unsigned'],
    ['varchar(20)', 'varchar(10)'],
    ['varchar(10)', 'char(10)'],
    ['longtext', 'text'],
    ['decimal(10,2)', 'decimal(10,4)'],
    ['datetime(6)', 'datetime'],
    ['datetime', 'timestamp'],
    ["enum('a','b')", "enum('b','a')"],
    ["set('a','b')", "set('a')"],
    ['double', 'float'],
    ['float', 'float(7,2)'],
    ['varchar(5) CHARACTER SET latin1', 'varchar(5)'],
    ['varchar(5)', 'varchar(5) CHARACTER SET latin1'],
    ['varchar(5)', 'varbinary(5)'],
    ['binary(8)', 'binary(16)'],
    ['bit(8)', 'bit(9)'],
    ['int', 'varchar(20)'],
  ] as const) {
    assert.ok(!fits(column(from), column(to)), `${from} into ${to}`)
  }
})
