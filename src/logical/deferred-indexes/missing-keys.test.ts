import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../core/errors.ts'
import type { TableContent } from '../content.ts'
import { keysLeft, missingKeys } from './missing-keys.ts'

const ddl = 'CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`),\n  UNIQUE KEY `u` (`a`)\n) ENGINE=InnoDB'
const table: TableContent = {
  name: 't',
  ddl,
  engine: 'InnoDB',
  isTransactional: true,
  columns: [],
  rows: 0,
  hasHistory: false,
  isInsertOnly: false,
  triggers: [],
}
const withoutU = ddl.replace(',\n  UNIQUE KEY `u` (`a`)', '')
const unreadable = 'CREATE TABLE `t` AS A NEW SERVER PRINTS IT'

test('the keys that a table lacks are those that are added', () => {
  assert.deepEqual(keysLeft('s', table, withoutU)?.indexes, [['UNIQUE KEY `u` (`a`)']])
  assert.equal(keysLeft('s', table, ddl), undefined)
})

test('a table that is shown in a way that cannot be read is not taken for one that lacks nothing', () => {
  assert.throws(
    () => keysLeft('s', table, unreadable),
    (error) =>
      isHoldfastError(error, 'LOAD_MISMATCH') && /keys .* given s\.t cannot be told/.test(error.message),
  )
  assert.equal(missingKeys(ddl, unreadable), undefined)
  // Of a backup whose own statement cannot be read nothing was left for later.
  assert.equal(keysLeft('s', { ...table, ddl: unreadable }, unreadable), undefined)
})
