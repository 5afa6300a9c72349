import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { HoldfastError } from '../../core/errors.ts'
import { type Calls, ThreadCalls } from './thread-calls.ts'

type Sums = {
  readonly add: (pair: readonly [number, number]) => Promise<number>
  readonly fail: (argument: undefined) => Promise<void>
  readonly wait: (argument: undefined, signal: AbortSignal) => Promise<void>
}

const sums: Sums = {
  add: async ([a, b]) => a + b,
  fail: async () => {
    const cause = new TypeError('beneath')
    throw new HoldfastError('DISK_FULL', 'no room', { at: '/x' }, { cause, hint: 'make some' })
  },
  wait: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped over there')))
    }),
}

function pair(own: Calls): { calls: ThreadCalls<Sums>; close: () => void } {
  const { port1, port2 } = new MessageChannel()
  const served = new ThreadCalls(port2, own)
  const close = (): void => {
    port1.close()
    served.end(new Error('closed'))
  }
  return { calls: new ThreadCalls<Sums>(port1, {}), close }
}

test('calls are answered each with its own answer, whatever the order', async () => {
  const { calls, close } = pair(sums)
  const answers = await Promise.all([1, 2, 3].map((n) => calls.call('add', [n, 10 * n])))
  assert.deepEqual(answers, [11, 22, 33])
  close()
})

test('an error of ours keeps code, message, details, hint and cause on its way', async () => {
  const { calls, close } = pair(sums)
  const error = await calls.call('fail', undefined).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof HoldfastError)
  assert.deepEqual(
    [error.code, error.message, error.details, error.hint, error.exit],
    ['DISK_FULL', 'no room', { at: '/x' }, 'make some', new HoldfastError('DISK_FULL', '').exit],
  )
  assert.ok(error.cause instanceof Error)
  assert.deepEqual([error.cause.name, error.cause.message], ['TypeError', 'beneath'])
  close()
})

test('an abort reaches the other side, and the caller gets the reason of its own signal', async () => {
  const { calls, close } = pair(sums)
  const controller = new AbortController()
  const waiting = calls.call('wait', undefined, controller.signal)
  const reason = new HoldfastError('INTERRUPTED', 'enough')
  controller.abort(reason)
  await assert.rejects(waiting, (error) => error === reason)
  close()
})

test('whoever waits for a side that is gone is told why, and whoever comes later too', async () => {
  const { calls, close } = pair(sums)
  const waiting = calls.call('wait', undefined)
  const reason = new Error('the thread died')
  calls.end(reason)
  await assert.rejects(waiting, (error) => error === reason)
  await assert.rejects(calls.call('add', [1, 2]), (error) => error === reason)
  close()
})
