import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../core/errors.ts'
import { userVariableAssignment } from './value-literals.ts'

const collations = new Map([[45, { name: 'utf8mb4_general_ci', characterSet: 'utf8mb4' }]])

const value = (type: 'text' | 'real' | 'integer' | 'decimal', bytes: Buffer, isUnsigned = false) => ({
  name: 'a`b',
  value: { type, charset: 45, bytes, isUnsigned },
})

test('user variables become assignments that keep type, character set and every byte', () => {
  const integer = Buffer.alloc(8)
  integer.writeBigInt64LE(-9007199254740993n)
  const real = Buffer.alloc(8)
  real.writeDoubleLE(0.1)
  assert.equal(userVariableAssignment({ name: 'x' }, collations), '@`x`:=NULL')
  assert.equal(
    userVariableAssignment(value('text', Buffer.from("ä'\\")), collations),
    "@`a``b`:=_utf8mb4 X'c3a4275c' COLLATE utf8mb4_general_ci",
  )
  assert.equal(userVariableAssignment(value('integer', integer), collations), '@`a``b`:=-9007199254740993')
  assert.equal(
    userVariableAssignment(value('integer', integer, true), collations),
    '@`a``b`:=18437736874454810623',
  )
  assert.equal(userVariableAssignment(value('real', real), collations), '@`a``b`:=1e-1')
})

test('a text in a collation that the target lacks is refused, not guessed', () => {
  const variable = {
    name: 'v',
    value: { type: 'text' as const, charset: 9999, bytes: Buffer.alloc(0), isUnsigned: false },
  }
  assert.throws(
    () => userVariableAssignment(variable, collations),
    (error) => isHoldfastError(error, 'UNSUPPORTED') && error.message.includes('9999'),
  )
})
