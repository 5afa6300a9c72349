// Every store there is runs the contract; and what a directory alone promises.
import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { FaultyStore } from '../../src/storage/faulty-store.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'
import { ownProcessMark, type ProcessMark } from '../../src/storage/process-mark.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { storeContract } from './store.ts'

const putProcess = fileURLToPath(new URL('../support/put-process.ts', import.meta.url))

storeContract('memory store', async () => new MemoryStore())
storeContract('faulty store that lets everything pass', async () => new FaultyStore(new MemoryStore()))
storeContract('directory store', async () => {
  const directory = await temporaryDirectory()
  const store = new DirectoryStore(path.join(directory.path, 'not', 'there', 'yet'))
  return Object.assign(store, { [Symbol.asyncDispose]: async () => directory[Symbol.asyncDispose]() })
})

test('files of other programs in the directory are no objects', async () => {
  await using directory = await temporaryDirectory()
  const store = new DirectoryStore(directory.path)
  await store.putIfAbsent('folder/object', Buffer.from('x'))
  await writeFile(path.join(directory.path, 'folder', '.DS_Store'), '')
  await writeFile(path.join(directory.path, 'folder', 'a file'), '')
  await mkdir(path.join(directory.path, 'lost+found'))
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  assert.deepEqual(keys, ['folder/object'])
  assert.deepEqual(await store.listFolders(''), ['folder'])
})

test('what a killed writer left is removed, and what a living one is writing is not', async () => {
  await using directory = await temporaryDirectory()
  const store = new DirectoryStore(directory.path)
  await mkdir(path.join(directory.path, '.tmp'))
  const own = ownProcessMark()
  const living = nameOf(own)
  const elsewhere = nameOf({ ...own, host: 'elsewhere' })
  // The largest pid of Linux is 2^22.
  const dead = nameOf({ ...own, pid: 2 ** 22 + 1 })
  const reused = nameOf({ ...own, startTicks: '1' })
  for (const name of [living, elsewhere, dead, reused]) {
    await writeFile(path.join(directory.path, '.tmp', name), 'half')
  }
  await store.tidy()
  assert.deepEqual(
    (await readdir(path.join(directory.path, '.tmp'))).toSorted(),
    [living, elsewhere].toSorted(),
  )
})

test('a write leaves no temporary file behind', async () => {
  await using directory = await temporaryDirectory()
  const store = new DirectoryStore(directory.path)
  await store.putIfAbsent('a/b', Buffer.from('x'))
  await store.putIfAbsent('a/b', Buffer.from('y'))
  await store.casPut('a/lease', Buffer.from('x'), undefined)
  assert.deepEqual(await readdir(path.join(directory.path, '.tmp')), [])
})

test('a full disk is DISK_FULL, shows nothing of the object, and leaves room for others', async () => {
  await using disk = await smallDisk(4)
  const store = new DirectoryStore(disk.path)
  await store.putIfAbsent('before', Buffer.alloc(1000, 1))
  const tooMuch = store.putIfAbsent('folder/great', Buffer.alloc(8 * 1024 * 1024))
  await assert.rejects(tooMuch, (error) => isHoldfastError(error, 'DISK_FULL'))
  assert.equal(await store.get('folder/great'), undefined)
  assert.deepEqual(await readdir(path.join(disk.path, '.tmp')), [])
  assert.deepEqual(await store.get('before'), Buffer.alloc(1000, 1))
  assert.equal(await store.putIfAbsent('after', Buffer.alloc(1000, 2)), 'created')
})

test('a write that the kernel cuts off half-way is DISK_FULL as well, and leaves nothing behind', async () => {
  await using directory = await temporaryDirectory()
  // A limit of 1 MiB on every file, in blocks of 512 bytes: the first write is short, and the next one fails. Needs no rights.
  const limited = (key: string, sizeBytes: number): Promise<string> => {
    const words = [process.execPath, putProcess, directory.path, key, String(sizeBytes)]
    return runProgram('sh', ['-c', 'ulimit -f 2048; exec "$0" "$@"', ...words])
  }
  assert.equal(await limited('small', 1024 * 1024), 'created')
  assert.equal(await limited('folder/great', 1024 * 1024 + 1), 'DISK_FULL')
  const store = new DirectoryStore(directory.path)
  assert.equal(await store.get('folder/great'), undefined)
  assert.deepEqual(await readdir(path.join(directory.path, '.tmp')), [])
  assert.equal((await store.head('small'))?.sizeBytes, 1024 * 1024)
})

/** Name of a temporary file that such a process would write now. */
function nameOf(mark: ProcessMark): string {
  const fields = [mark.host, mark.bootId, mark.pidNamespace, String(mark.pid), mark.startTicks]
  return [...fields.map((field) => Buffer.from(field).toString('base64url')), String(Date.now()), 'ab'].join(
    '+',
  )
}
