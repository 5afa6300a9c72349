import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../../core/errors.ts'
import { mendTable } from './mend-table.ts'

const ddl = [
  'CREATE TABLE `t` (',
  "  `a` int DEFAULT (far(1)) COMMENT 'far(2)',",
  '  `b` int DEFAULT (near(1)),',
  '  `g` int GENERATED ALWAYS AS (far(`a`)) STORED,',
  '  CONSTRAINT `c` CHECK ((`FAR`(`a`) > 0)),',
  "  CONSTRAINT `d` CHECK ((`far` > 0) and (`a` <> 'far('))",
  ') ENGINE=InnoDB',
].join('\n')

const refusals = [
  [1901, "Function or expression '`far`()' cannot be used in the DEFAULT clause of `a`"],
  [1305, 'FUNCTION s.far does not exist'],
  [3770, "Default value expression of column 'a' contains a disallowed function: `far`."],
  [3814, "An expression of a check constraint 'c' contains disallowed function: far."],
] as const

function mend(errno: number, message: string, from = ddl) {
  const error = new HoldfastError('SERVER_ERROR', `${message} (errno ${errno})`, { errno })
  return mendTable({ schema: 's', name: 't', ddl: from }, error)
}

test('defaults and checks that call what the server does not know go, and nothing else', () => {
  for (const [errno, message] of refusals) {
    const mended = mend(errno, message)
    assert.equal(
      mended?.ddl,
      ddl.replace(' DEFAULT (far(1))', '').replace('  CONSTRAINT `c` CHECK ((`FAR`(`a`) > 0)),\n', ''),
      message,
    )
    assert.deepEqual(
      mended?.changes.map(({ what }) => what),
      ['column a: its default: far is not known there', 'check c: far is not known there'],
    )
  }
})

test('what is left is refused for good: a generated column is not to be empty', () => {
  const mended = mend(1305, 'FUNCTION s.far does not exist')
  assert.equal(mend(1305, 'FUNCTION s.far does not exist', mended?.ddl), undefined)
  assert.equal(mend(1064, "You have an error near 'far(1)'"), undefined)
})
