import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimit } from './rate-limit.ts'

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const started = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - started) / 1e9
}

test('bytes take the time that the rate gives them, in many small pieces as in one', async () => {
  for (const pieces of [1, 300]) {
    const limit = RateLimit.of(1_000_000)
    const seconds = await secondsOf(async () => {
      for (let piece = 0; piece < pieces; piece++) await limit.spend(300_000 / pieces, undefined)
      await limit.settle(undefined)
    })
    // Timers may come a fraction of a millisecond early.
    assert.ok(seconds >= 0.299, `${pieces} pieces: ${seconds} s`)
    assert.ok(seconds < 2, `${pieces} pieces: ${seconds} s`)
  }
})

test('whoever has the ticket shares the rate', async () => {
  const limit = RateLimit.of(1_000_000)
  const limits = [limit, new RateLimit(structuredClone(limit.ticket)), new RateLimit(limit.ticket)]
  const seconds = await secondsOf(async () => {
    await Promise.all(
      limits.map(async (one) => {
        for (let piece = 0; piece < 10; piece++) await one.spend(10_000, undefined)
        await one.settle(undefined)
      }),
    )
  })
  assert.ok(seconds >= 0.299, `${seconds} s`)
})

test('a pause is no credit for a burst after it', async () => {
  const limit = RateLimit.of(1_000_000)
  await limit.spend(1000, undefined)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const seconds = await secondsOf(async () => {
    await limit.spend(400_000, undefined)
    await limit.settle(undefined)
  })
  assert.ok(seconds >= 0.19, `${seconds} s`)
})

test('an abort ends a wait at once, and no further one begins', async () => {
  const limit = RateLimit.of(1000)
  const controller = new AbortController()
  const waiting = limit.spend(1_000_000, controller.signal)
  assert.ok(waiting !== undefined)
  setTimeout(() => controller.abort(), 10)
  assert.ok((await secondsOf(() => waiting)) < 5)
  assert.equal(limit.spend(1_000_000, controller.signal), undefined)
  await limit.settle(controller.signal)
})
