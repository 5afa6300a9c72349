// A backup that fails or dies at each of its store operations in turn: what was there stays, what is new is whole or absent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLeaseTiming } from '../../src/repository/lease.ts'
import { Repository } from '../../src/repository/repository.ts'
import { FaultyStore, type StoreFault } from '../../src/storage/faulty-store.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'
import { readObjects, takeBackup } from '../support/sample-backup.ts'

const before = { kept: ['one', 'two'], changed: ['old'] }
const after = {
  kept: ['one', 'two'],
  changed: ['new'],
  added: Array.from({ length: 40 }, (_, n) => `${n}`.repeat(50)),
}

/** A later command, when the lease that a dead process may have left has run out. */
const later = { ...defaultLeaseTiming, now: () => Date.now() + 2 * defaultLeaseTiming.ttlMs }

async function prepare(): Promise<{ memory: MemoryStore; identities: string[]; first: string }> {
  const memory = new MemoryStore()
  // Packs of 2 KiB, so that a small backup has several.
  const options = { recipients: 'generate', encrypt: true, packTargetBytes: 2048 } as const
  const { repository, identity = '' } = await Repository.create(memory, options)
  const { id } = await takeBackup(repository.source('shop'), before)
  return { memory, identities: [identity], first: id }
}

/** Takes the second backup with a fault at operation `at`; `dies`: every operation after it fails as well, like a killed process's. */
async function attempt(at: number, fault: StoreFault, dies: boolean): Promise<boolean> {
  const { memory, identities, first } = await prepare()
  const faulty = new FaultyStore(memory)
  let isHit = false
  faulty.faultAt = (number) => {
    if (number === at) {
      isHit = true
      return fault
    }
    return dies && number > at ? 'not-done' : undefined
  }
  let outcome: 'committed' | 'failed' = 'committed'
  try {
    const repository = await Repository.open(faulty, { identities })
    await takeBackup(repository.source('shop'), after)
  } catch {
    outcome = 'failed'
  }

  const source = (await Repository.open(memory, { identities })).source('shop')
  const where = `${fault} at ${at}: ${JSON.stringify(faulty.operations[at])}`
  const ids = (await source.listBackups()).map(({ id }) => id)
  assert.equal(ids[0], first, where)
  assert.ok(ids.length === 1 || ids.length === 2, where)
  if (outcome === 'committed') assert.equal(ids.length, 2, where)
  assert.deepEqual(await readObjects(await source.openBackup(first)), before, where)
  if (ids[1] !== undefined) assert.deepEqual(await readObjects(await source.openBackup(ids[1])), after, where)
  assert.deepEqual((await source.verify({ readData: true })).problems, [], where)

  const next = await takeBackup(source, after, { leaseTiming: later })
  assert.deepEqual(await readObjects(await source.openBackup(next.id)), after, where)
  return isHit
}

for (const fault of ['not-done', 'answer-lost'] as const) {
  for (const dies of [false, true]) {
    const title = `${dies ? 'a process that dies' : 'a store that fails once'}, ${fault}`
    test(`${title}, at any operation of a backup costs that backup at most`, async () => {
      let operations = 0
      while (await attempt(operations, fault, dies)) operations += 1
      // Open, lease, list, key, three packs at least, manifest.
      assert.ok(operations > 12, `${operations} operations`)
    })
  }
}
