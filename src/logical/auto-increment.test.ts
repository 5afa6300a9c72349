// The word AUTO_INCREMENT stands in definitions in more than one sense.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoIncrementColumn } from './auto-increment.ts'

test('the column with AUTO_INCREMENT is found by its own words', () => {
  const cases: readonly (readonly [columns: string, column: string | undefined])[] = [
    ['`a` int(11) NOT NULL AUTO_INCREMENT, PRIMARY KEY (`a`)', 'a'],
    ['`a` decimal(10,2), `b``c,( ` bigint(20) NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */', 'b`c,( '],
    ["`a` text DEFAULT 'AUTO_INCREMENT', `b` int COMMENT ', `c` int AUTO_INCREMENT'", undefined],
    ["`AUTO_INCREMENT` int, `b` set('x','y'), id INT auto_increment", 'id'],
  ]
  for (const [columns, column] of cases)
    assert.equal(
      autoIncrementColumn(`CREATE TABLE \`t\` (${columns}) ENGINE=InnoDB AUTO_INCREMENT=5`),
      column,
    )
})
