// The contract of object stores as tests: every store runs all of them. See src/storage/object-store.ts for the prose.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { probeStore } from '../../src/storage/probe.ts'

/** `open` gives an empty store each time it is called. */
export function storeContract(
  name: string,
  open: () => Promise<ObjectStore & Partial<AsyncDisposable>>,
): void {
  const storeTest = (title: string, run: (store: ObjectStore) => Promise<void>): void => {
    test(title, async () => {
      const store = await open()
      try {
        await run(store)
      } finally {
        await store[Symbol.asyncDispose]?.()
      }
    })
  }

  describe(name, () => {
    storeTest('an object is read back as it was written', async (store) => {
      const bytes = randomBytes(100_000)
      assert.equal(await store.putIfAbsent('a/b/c.d-e_f', bytes), 'created')
      assert.deepEqual(await store.get('a/b/c.d-e_f'), bytes)
    })

    storeTest('an object can be empty', async (store) => {
      assert.equal(await store.putIfAbsent('empty', new Uint8Array()), 'created')
      assert.deepEqual(await store.get('empty'), Buffer.alloc(0))
      assert.equal((await store.head('empty'))?.sizeBytes, 0)
    })

    storeTest('an object keeps its bytes when its writer reuses the buffer', async (store) => {
      const bytes = Buffer.from('first')
      await store.putIfAbsent('key', bytes)
      bytes.fill(0)
      assert.equal((await store.get('key'))?.toString(), 'first')
    })

    storeTest('a second write of a key is refused and changes nothing', async (store) => {
      await store.putIfAbsent('key', Buffer.from('first'))
      assert.equal(await store.putIfAbsent('key', Buffer.from('second')), 'exists')
      assert.equal((await store.get('key'))?.toString(), 'first')
    })

    storeTest('of many writers of one key exactly one creates it, and its bytes stay', async (store) => {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, writer) => store.putIfAbsent('race', Buffer.alloc(1000, writer))),
      )
      assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1)
      const winner = outcomes.indexOf('created')
      assert.deepEqual(await store.get('race'), Buffer.alloc(1000, winner))
    })

    storeTest('what is absent is an answer and not an error', async (store) => {
      assert.equal(await store.get('no/such'), undefined)
      assert.equal(await store.head('no/such'), undefined)
      assert.equal(await store.getTagged('no/such'), undefined)
      await store.delete(['no/such'])
      assert.deepEqual(await keysBelow(store, 'no/'), [])
      assert.deepEqual(await store.listFolders('no/'), [])
    })

    storeTest('a key below an object is absent', async (store) => {
      await store.putIfAbsent('object', Buffer.from('x'))
      assert.equal(await store.get('object/below'), undefined)
      assert.equal(await store.head('object/below'), undefined)
    })

    storeTest('a range that passes the end gives the bytes there are', async (store) => {
      await store.putIfAbsent('digits', Buffer.from('0123456789'))
      const range = async (offset: number, length?: number): Promise<string | undefined> =>
        (await store.get('digits', length === undefined ? { offset } : { offset, length }))?.toString()
      assert.equal(await range(0, 10), '0123456789')
      assert.equal(await range(3, 4), '3456')
      assert.equal(await range(8, 10), '89')
      assert.equal(await range(4), '456789')
      assert.equal(await range(10, 5), '')
      assert.equal(await range(1e12, 5), '')
      assert.equal(await range(2, 0), '')
    })

    storeTest('head tells the length and a time near now', async (store) => {
      await store.putIfAbsent('key', Buffer.alloc(1234))
      const head = await store.head('key')
      assert.equal(head?.sizeBytes, 1234)
      assert.ok(Math.abs((head?.modifiedMs ?? 0) - Date.now()) < 60_000)
    })

    storeTest('a list is in ascending order of whole keys', async (store) => {
      // By whole keys: '-' and '.' sort before '/', so a folder's objects do not come where the folder's name would.
      const possible = ['a/b.c', 'a-b', 'a.b/c', 'z/y/x', 'a/B', 'a/a/a', 'a_b']
      for (const key of possible) await store.putIfAbsent(key, Buffer.from(key))
      assert.deepEqual(await keysBelow(store, ''), possible.toSorted())
    })

    storeTest('a list has the objects below its prefix with their lengths, and no others', async (store) => {
      for (const key of ['p/1', 'p/2/3', 'pq/4', 'q/5'])
        await store.putIfAbsent(key, Buffer.alloc(key.length))
      const entries = []
      for await (const entry of store.list('p/')) entries.push(entry)
      assert.deepEqual(entries, [
        { key: 'p/1', sizeBytes: 3 },
        { key: 'p/2/3', sizeBytes: 5 },
      ])
    })

    storeTest('folders are those that have objects somewhere below', async (store) => {
      for (const key of ['s/b/1/x', 's/a/2', 's/file', 't/c/3'])
        await store.putIfAbsent(key, Buffer.from('x'))
      assert.deepEqual(await store.listFolders('s/'), ['a', 'b'])
      await store.delete(['s/b/1/x'])
      assert.deepEqual(await store.listFolders('s/'), ['a'])
    })

    storeTest('a removed object is gone and its key is free', async (store) => {
      await store.putIfAbsent('key', Buffer.from('old'))
      await store.delete(['key', 'other'])
      assert.equal(await store.get('key'), undefined)
      assert.deepEqual(await keysBelow(store, ''), [])
      assert.equal(await store.putIfAbsent('key', Buffer.from('new')), 'created')
    })

    storeTest('a mutable object is replaced only by who knows its newest version', async (store) => {
      const first = await store.casPut('lease', Buffer.from('1'), undefined)
      assert.ok(first !== undefined)
      assert.equal(await store.casPut('lease', Buffer.from('x'), undefined), undefined)
      const second = await store.casPut('lease', Buffer.from('2'), first)
      assert.ok(second !== undefined && second !== first)
      assert.equal(await store.casPut('lease', Buffer.from('y'), first), undefined)
      assert.deepEqual(await store.getTagged('lease'), { bytes: Buffer.from('2'), tag: second })
    })

    storeTest(
      'of many that replace one version exactly one succeeds, a hundred times over',
      async (store) => {
        let tag: string | undefined
        for (let round = 0; round < 100; round += 1) {
          const expected = tag
          const tags = await Promise.all(
            Array.from({ length: 4 }, (_, writer) =>
              store.casPut('lease', Buffer.from(`${round}.${writer}`), expected),
            ),
          )
          const winners = tags.flatMap((each, writer) => (each === undefined ? [] : [writer]))
          assert.equal(winners.length, 1, `round ${round}`)
          tag = tags[winners[0] ?? 0]
          assert.equal((await store.getTagged('lease'))?.bytes.toString(), `${round}.${winners[0]}`)
        }
      },
    )

    storeTest('a version that was superseded long ago can never be replaced', async (store) => {
      const first = await store.casPut('lease', Buffer.from('0'), undefined)
      let tag = first
      for (let round = 1; round < 30; round += 1)
        tag = await store.casPut('lease', Buffer.from(`${round}`), tag)
      assert.equal(await store.casPut('lease', Buffer.from('late'), first), undefined)
      assert.equal((await store.getTagged('lease'))?.bytes.toString(), '29')
      assert.equal(await store.casPut('lease', Buffer.from('late'), undefined), undefined)
      assert.ok((await store.casPut('lease', Buffer.from('30'), tag)) !== undefined)
      assert.equal((await store.getTagged('lease'))?.bytes.toString(), '30')
    })

    storeTest('a mutable object is in no list and is no object', async (store) => {
      await store.putIfAbsent('s/object', Buffer.from('x'))
      await store.casPut('s/lease', Buffer.from('x'), undefined)
      assert.deepEqual(await keysBelow(store, 's/'), ['s/object'])
      assert.deepEqual(await store.listFolders('s/'), [])
      assert.equal(await store.get('s/lease'), undefined)
    })

    storeTest('keys that could leave the store are refused', async (store) => {
      const bad = [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        '.hidden',
        'a~1',
        'a\\b',
        'a b',
        'ä',
        'a\0',
      ]
      for (const key of [...bad, 'a'.repeat(300), 'a/'.repeat(600)]) {
        await assert.rejects(
          store.putIfAbsent(key, Buffer.from('x')),
          { name: 'AssertionError' },
          JSON.stringify(key),
        )
        await assert.rejects(store.get(key), { name: 'AssertionError' }, JSON.stringify(key))
        await assert.rejects(store.delete([key]), { name: 'AssertionError' }, JSON.stringify(key))
      }
    })

    storeTest('an aborted signal stops an operation before it starts', async (store) => {
      const signal = AbortSignal.abort(new Error('stop'))
      await assert.rejects(store.putIfAbsent('key', Buffer.from('x'), { signal }), { message: 'stop' })
      assert.equal(await store.get('key'), undefined)
    })

    storeTest('the probe finds nothing wrong and leaves nothing behind', async (store) => {
      await probeStore(store)
      assert.deepEqual(await keysBelow(store, ''), [])
    })
  })
}

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}
