import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesTable, statementNames } from './statement-names.ts'

test('names are read with their quotes and schemas, and not out of texts and comments', () => {
  const table: readonly [string, readonly (readonly string[])[]][] = [
    ['DROP TABLE d.t', [['DROP'], ['TABLE'], ['d', 't']]],
    ['DROP TABLE `d` . `a``b`,\n"x"."y"', [['DROP'], ['TABLE'], ['d', 'a`b'], ['x', 'y']]],
    ["SELECT 'd.t', 'it''s d.u', '\\'d.v' -- d.w\n# d.x\n/* d.y */ z", [['SELECT'], ['z']]],
    ['DROP TABLE /*! d.t */', [['DROP'], ['TABLE'], ['d', 't']]],
    ['/*!50003 CREATE*/ x', [['CREATE'], ['x']]],
    ['GRANT SELECT ON d.* TO u', [['GRANT'], ['SELECT'], ['ON'], ['d'], ['TO'], ['u']]],
    ['ALTER TABLE größe ADD a1 INT', [['ALTER'], ['TABLE'], ['größe'], ['ADD'], ['a1'], ['INT']]],
    ['a.b.c', [['a', 'b']]],
    ['`open', [['open']]],
    ['', []],
  ]
  for (const [statement, names] of table) assert.deepEqual([...statementNames(statement)], names, statement)
})

test('a statement names a table with its schema, in its default schema, or through the whole schema', () => {
  const table: readonly [string, string, string, boolean][] = [
    ['CREATE TABLE d.t (id INT)', '', 'd.t', true],
    ['CREATE TABLE d.t (id INT)', '', 'd', true],
    ['CREATE TABLE d.t (id INT)', '', 'nosuch.table', false],
    ['CREATE TABLE d.t (id INT)', '', 'd.other', false],
    ['CREATE TABLE t (id INT)', 'd', 'd.t', true],
    ['CREATE TABLE t (id INT)', 'd', 'd', true],
    ['CREATE TABLE t (id INT)', 'e', 'd.t', false],
    ['CREATE TABLE D.T (id INT)', '', 'd.t', true],
    ['DROP DATABASE d', '', 'd.t', true],
    ['/* x */ DROP DATABASE IF EXISTS `d`', '', 'd.t', true],
    ['DROP DATABASE d2', '', 'd.t', false],
    ['RENAME TABLE d.t TO e.u', '', 'e.u', true],
    ["CREATE TABLE e.x (c INT COMMENT 'd.t')", '', 'd.t', false],
  ]
  for (const [statement, schema, wanted, expected] of table)
    assert.equal(namesTable(statement, schema, wanted), expected, `${statement} in ${schema}: ${wanted}`)
})
