import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whileFollowing } from './while-following.ts'

const signal = new AbortController().signal

test('what the work failed with is told, although following fails for it too', async () => {
  const lost = Promise.withResolvers<void>()
  const run = whileFollowing(
    async () => {
      await lost.promise
      throw new Error('the connection is lost')
    },
    1,
    signal,
    async () => {
      setTimeout(() => lost.resolve(), 5)
      throw new Error('the store is slow')
    },
  )
  await assert.rejects(run, /the store is slow/)
})

test('what following failed with is told, although the work is ended by it', async () => {
  const run = whileFollowing(
    async () => {
      throw new Error('the log is gone')
    },
    1,
    signal,
    (either) =>
      new Promise((_, reject) => {
        either.addEventListener('abort', () => reject(new Error('aborted')))
      }),
  )
  await assert.rejects(run, /the log is gone/)
})
