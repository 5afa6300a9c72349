// Whether a store really does what the contract says: tried once, when a repository is created in it.
import { randomBytes } from 'node:crypto'
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore, StoreOptions } from './object-store.ts'

/**
 * Some stores accept a conditional write and silently overwrite, which would let two writers destroy each other's work; so
 * nothing is believed that was not seen. Leaves nothing behind. Throws STORE_UNUSABLE naming the promise that was broken.
 */
export async function probeStore(store: ObjectStore, options: StoreOptions = {}): Promise<void> {
  const folder = `probe/${randomBytes(8).toString('hex')}`
  const key = `${folder}/object`
  const first = randomBytes(1000)
  const second = randomBytes(1000)
  const expect = (holds: boolean, promise: string): void => {
    if (!holds) throw new HoldfastError('STORE_UNUSABLE', `${store.place} does not ${promise}`)
  }
  try {
    expect((await store.putIfAbsent(key, first, options)) === 'created', 'create a new object')
    expect((await store.get(key, options))?.equals(first) === true, 'give back what was written')
    const again = await store.putIfAbsent(key, second, options)
    expect(again === 'exists', 'refuse to write an object that is there already')
    const after = await store.get(key, options)
    expect(after?.equals(first) === true, 'keep an object unchanged when it is written again')
    const range = await store.get(key, { ...options, offset: 100, length: 50 })
    expect(range?.equals(first.subarray(100, 150)) === true, 'read a range of an object')
    expect((await store.head(key, options))?.sizeBytes === first.length, 'tell the size of an object')
    expect(
      (await keysBelow(store, `${folder}/`, options)).join() === key,
      'list an object that was just written',
    )
    await store.delete([key], options)
    expect((await store.head(key, options)) === undefined, 'forget an object that was removed')
    expect(
      (await keysBelow(store, `${folder}/`, options)).length === 0,
      'stop listing an object that was removed',
    )
  } finally {
    await store.delete([key])
  }
}

async function keysBelow(store: ObjectStore, prefix: string, options: StoreOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix, options)) keys.push(key)
  return keys
}
