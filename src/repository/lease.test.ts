import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import { FaultyStore } from '../storage/faulty-store.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ownProcessMark, type ProcessMark } from '../storage/process-mark.ts'
import { encodeCheckedJson } from './checked-json.ts'
import { Lease, type LeaseTiming } from './lease.ts'

const key = 'sources/shop/lease'
const quick: LeaseTiming = { ttlMs: 60_000, renewMs: 5, watchMs: 20, now: Date.now }
const isLocked = (error: unknown): boolean => isHoldfastError(error, 'REPOSITORY_LOCKED')

/** The lease as another process left it. */
async function leftBy(store: MemoryStore, process: Partial<ProcessMark>, expiresMs: number): Promise<void> {
  assert.ok((await store.casPut(key, leaseOf(process, expiresMs), undefined)) !== undefined)
}

function leaseOf(process: Partial<ProcessMark>, expiresMs: number): Buffer {
  return encodeCheckedJson({
    format: 1,
    generation: 7,
    isHeld: true,
    owner: 'ab',
    purpose: 'backup',
    process: { ...ownProcessMark(), ...process },
    since: '2026-01-01T00:00:00Z',
    expiresMs,
  })
}

test('a second writer is told who holds the lease, what for, where and since when', async () => {
  const store = new MemoryStore()
  await using lease = await Lease.acquire(store, key, 'backup')
  await assert.rejects(Lease.acquire(store, key, 'prune'), (error) => {
    assert.ok(isHoldfastError(error, 'REPOSITORY_LOCKED'))
    assert.match(error.message, /^shop in memory is in use: backup by process \d+ on .+ since 2\d{3}-.+Z$/)
    assert.equal(error.details['pid'], process.pid)
    return true
  })
  assert.equal(lease.generation, 1)
})

test('a lease that was given back can be taken, with the next generation', async () => {
  const store = new MemoryStore()
  for (const generation of [1, 2, 3]) {
    await using lease = await Lease.acquire(store, key, 'backup')
    assert.equal(lease.generation, generation)
  }
})

test('of many that ask for a lease at once one gets it', async () => {
  const store = new MemoryStore()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => Lease.acquire(store, key, 'backup')),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') await outcome.value[Symbol.asyncDispose]()
    else assert.ok(isLocked(outcome.reason))
  }
})

test('the lease of a process of this host that is gone is taken at once', async () => {
  const store = new MemoryStore()
  await leftBy(store, { pid: 2 ** 22 + 1 }, Date.now() + 50_000)
  await using lease = await Lease.acquire(store, key, 'backup')
  assert.equal(lease.generation, 8)
})

test('a pid that is in use by another process does not keep a lease', async () => {
  const store = new MemoryStore()
  await leftBy(store, { startTicks: '1' }, Date.now() + 50_000)
  await using lease = await Lease.acquire(store, key, 'backup')
  assert.equal(lease.generation, 8)
})

test('nobody can tell about a pid of another host, boot or container: its lease stands until it expires', async () => {
  for (const elsewhere of [{ host: 'other' }, { bootId: 'other' }, { pidNamespace: 'pid:[1]' }]) {
    const store = new MemoryStore()
    await leftBy(store, { pid: 2 ** 22 + 1, ...elsewhere }, Date.now() + 50_000)
    await assert.rejects(Lease.acquire(store, key, 'backup', { timing: quick }), isLocked)
  }
})

test('an expired lease of another host is taken after it was watched without a sign of life', async () => {
  const store = new MemoryStore()
  await leftBy(store, { host: 'other', bootId: 'other' }, Date.now() - 1)
  await using lease = await Lease.acquire(store, key, 'backup', { timing: quick })
  assert.equal(lease.generation, 8)
})

test('an owner whose clock is behind keeps its lease by renewing it while it is watched', async () => {
  const store = new MemoryStore()
  await leftBy(store, { host: 'other', bootId: 'other' }, Date.now() - 1)
  const current = await store.getTagged(key)
  const renewed = setTimeout(() => {
    void store.casPut(key, leaseOf({ host: 'other', bootId: 'other' }, Date.now() + 60_000), current?.tag)
  }, 5)
  await assert.rejects(Lease.acquire(store, key, 'backup', { timing: { ...quick, watchMs: 50 } }), isLocked)
  clearTimeout(renewed)
})

test('a damaged lease does not lock a source for ever', async () => {
  const store = new MemoryStore()
  await store.casPut(key, Buffer.from('{"generation": 41,'), undefined)
  await using lease = await Lease.acquire(store, key, 'backup', { timing: quick })
  assert.equal(lease.generation, 42)
})

test('a lease that was taken over is known to be lost before anything is committed', async () => {
  const store = new MemoryStore()
  const slow = { ...quick, renewMs: 60_000 }
  await using lease = await Lease.acquire(store, key, 'backup', { timing: slow })
  await lease.assertHeld()
  const other = { ...slow, now: () => Date.now() + 120_000 }
  await using taken = await Lease.acquire(store, key, 'prune', { timing: other })
  assert.equal(lease.signal.aborted, false)
  await assert.rejects(lease.assertHeld(), isLocked)
  assert.equal(lease.signal.aborted, true)
  await taken.assertHeld()
})

test('a renewal whose answer was lost does not lose the lease', async () => {
  const store = new FaultyStore(new MemoryStore())
  await using lease = await Lease.acquire(store, key, 'backup', { timing: { ...quick, renewMs: 60_000 } })
  let isFaulty = true
  store.faultAt = (_, operation) => (operation === 'casPut' && isFaulty ? 'answer-lost' : undefined)
  await assert.rejects(lease.assertHeld(), { name: 'InjectedFault' })
  isFaulty = false
  await lease.assertHeld()
  assert.equal(lease.signal.aborted, false)
})

test('a store that fails for longer than the lease lasts takes it away', async () => {
  const store = new FaultyStore(new MemoryStore())
  const lease = await Lease.acquire(store, key, 'backup', { timing: { ...quick, ttlMs: 30 } })
  store.faultAt = (_, operation) => (operation === 'casPut' ? 'not-done' : undefined)
  await new Promise((resolve) => {
    lease.signal.addEventListener('abort', resolve)
  })
  await lease[Symbol.asyncDispose]()
})
