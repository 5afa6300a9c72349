import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../core/error-codes.table.ts'
import { loginError, serverErrno, serverError } from './server-error.ts'
import { parseServerVersion } from './server-version.ts'

const inStatement: readonly (readonly [number, ErrorCode])[] = [
  [1044, 'PRIVILEGE_MISSING'],
  [1045, 'PRIVILEGE_MISSING'],
  [1142, 'PRIVILEGE_MISSING'],
  [1143, 'PRIVILEGE_MISSING'],
  [1227, 'PRIVILEGE_MISSING'],
  [1370, 'PRIVILEGE_MISSING'],
  [1419, 'PRIVILEGE_MISSING'],
  [1449, 'SERVER_ERROR'],
  [1064, 'SERVER_ERROR'],
]
for (const [errno, code] of inStatement) {
  test(`error ${errno} in a statement is ${code}`, () => {
    const error = serverError({ errno, sqlState: '42000', message: 'no' }, 'SELECT 1', { statementIndex: 3 })
    assert.equal(error.code, code)
    assert.deepEqual(error.details, { errno, sqlState: '42000', statement: 'SELECT 1', statementIndex: 3 })
    assert.equal(error.message, `no (errno ${errno}) in: SELECT 1`)
    assert.equal(serverErrno(error), errno)
  })
}

test('a server without a connection to spare is not taken for one that is down', () => {
  for (const errno of [1040, 1203, 1226]) {
    const { hint } = loginError({ errno, sqlState: '', message: 'Too many connections' }, 'db1:3306')
    assert.match(hint, /--threads/)
  }
})

const inLogin: readonly (readonly [number, ErrorCode])[] = [
  [1045, 'ACCESS_DENIED'],
  [1044, 'PRIVILEGE_MISSING'],
  [1040, 'SOURCE_UNREACHABLE'],
  [1524, 'AUTH_PLUGIN_UNSUPPORTED'],
  [3159, 'TLS_FAILED'],
  [9999, 'SOURCE_UNREACHABLE'],
]
for (const [errno, code] of inLogin) {
  test(`error ${errno} in the login is ${code}`, () => {
    const error = loginError({ errno, sqlState: '', message: 'no' }, 'db1:3306')
    assert.equal(error.code, code)
    assert.equal(error.message, `db1:3306 refused the login: no (errno ${errno})`)
  })
}

test('only errors of a server have a number', () => {
  assert.equal(serverErrno(new Error('x')), undefined)
  assert.equal(serverErrno(undefined), undefined)
})

const versions: readonly (readonly [string, string, string])[] = [
  ['9.7.4', 'mysql', '9.7.4'],
  ['8.0.36-28', 'mysql', '8.0.36-28'],
  ['5.5.5-10.11.19-MariaDB-log', 'mariadb', '10.11.19-MariaDB-log'],
  ['11.8.6-MariaDB-ubu2404', 'mariadb', '11.8.6-MariaDB-ubu2404'],
  ['5.5.5-m3', 'mysql', '5.5.5-m3'],
]
for (const [greeting, flavour, text] of versions) {
  test(`a server that greets with ${greeting} is ${flavour} ${text}`, () => {
    assert.deepEqual(parseServerVersion(greeting), { flavour, text })
  })
}
