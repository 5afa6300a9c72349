import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { cloneFailure } from './clone-failure.ts'

test('a server that speaks otherwise is unsupported, not a mistake of ours', () => {
  const cause = new MalformedDataError({
    what: 'clone descriptor',
    offset: 0,
    expected: 'version 100',
    found: '101',
  })
  const error = cloneFailure(cause, '11.0.1')
  assert(error instanceof HoldfastError)
  assert.equal(error.code, 'UNSUPPORTED')
  assert.equal(error.cause, cause)
  assert.match(
    error.message,
    /^MySQL 11\.0\.1 does not speak CLONE as it is known: .*expected version 100, found 101$/,
  )
})

test('other failures are told as they are', () => {
  const lost = new HoldfastError('CONNECTION_LOST', 'lost the connection')
  assert.equal(cloneFailure(lost, '9.7.4'), lost)
})
