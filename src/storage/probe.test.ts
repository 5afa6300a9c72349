import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import { FaultyStore, type StoreLies } from './faulty-store.ts'
import { MemoryStore } from './memory-store.ts'
import { probeStore } from './probe.ts'

const lies: Readonly<Record<string, { readonly lie: StoreLies; readonly promise: RegExp }>> = {
  'a store that silently overwrites': { lie: { overwrites: true }, promise: /refuse to write/ },
  'a store whose list is stale': { lie: { staleList: true }, promise: /list an object/ },
  'a store that cuts objects': {
    lie: { change: (_, bytes) => bytes.subarray(1) },
    promise: /give back what was written/,
  },
  'a store that changes a byte': {
    lie: { change: (_, bytes) => Buffer.from(bytes.map((byte, at) => (at === 500 ? byte ^ 1 : byte))) },
    promise: /give back what was written/,
  },
}

for (const [title, { lie, promise }] of Object.entries(lies)) {
  test(`${title} is found out and named`, async () => {
    const store = new FaultyStore(new MemoryStore())
    store.lies = lie
    await assert.rejects(probeStore(store), (error) => {
      assert.ok(isHoldfastError(error, 'STORE_UNUSABLE'))
      assert.match(error.message, promise)
      return true
    })
  })
}
