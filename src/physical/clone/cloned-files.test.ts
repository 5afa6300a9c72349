import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBackup } from '../../../test/support/memory-backup.ts'
import { isHoldfastError } from '../../core/errors.ts'
import type { CloneEvent } from '../../wire/clone/clone-transfer.ts'
import type { FileDescriptor } from '../../wire/clone/descriptor.ts'
import { type Poured, Pouring } from '../pour/pouring.ts'
import { ClonedFiles } from './cloned-files.ts'
import { firstPage } from './first-page.ts'

const pageBytes = 16_384
/** Bit 14: with the dictionary information of 8.0. */
const flags = 0x4000
const release = 90_704

function state(number: number): CloneEvent {
  return {
    kind: 'state',
    state: {
      kind: 'state',
      state: number,
      task: 0,
      chunks: 0,
      files: 0,
      estimatedBytes: 0,
      estimatedDiskBytes: 0,
      isStart: true,
      isAcknowledgement: false,
    },
  }
}

function file(number: number, index: number, name: string, change: Partial<FileDescriptor> = {}): CloneEvent {
  return {
    kind: 'file',
    file: {
      kind: 'file',
      state: number,
      sizeBytes: 7 * pageBytes,
      allocatedBytes: 7 * pageBytes,
      fspFlags: flags,
      fsBlockBytes: 4096,
      isPageCompressed: false,
      isEncrypted: false,
      isRenamed: false,
      isDeleted: false,
      spaceId: 100 + index,
      index,
      firstChunk: index + 1,
      lastChunk: index + 1,
      name,
      ...change,
    },
  }
}

function data(
  number: number,
  fileIndex: number,
  offset: number,
  bytes: Buffer,
  fileSizeBytes = 0,
): CloneEvent {
  const place = { state: number, task: 0, chunk: 1, block: 1, fileIndex, offset, fileSizeBytes }
  return { kind: 'data', data: { kind: 'data', ...place, lengthBytes: bytes.length }, bytes }
}

/** A page that has a number and says that it has no checksum. */
function page(number: number, mark = 1): Buffer {
  const bytes = firstPage(100, flags, release)
  bytes.writeUInt32BE(number, 4)
  bytes.writeUInt32BE(mark, 20)
  bytes.writeUInt32BE(mark, pageBytes - 4)
  return bytes
}

async function pour(events: readonly CloneEvent[], sink = new MemoryBackup()): Promise<Poured> {
  const pouring = new Pouring(sink)
  const files = new ClonedFiles(pouring, { dataDirectory: '/var/lib/mysql/', release })
  for (const event of events) await files.take(event, undefined)
  await files.finish()
  const poured = await pouring.finish()
  // What no event brings: the first start is told by it that this is a clone.
  assert.equal(poured.files[0]?.path, '#clone/#status_fix')
  assert.deepEqual(poured.folders, [{ path: 'mysql', mode: 0o750 }])
  return { ...poured, files: poured.files.slice(1) }
}

async function sizes(events: readonly CloneEvent[]): Promise<Record<string, number>> {
  const { files } = await pour(events)
  return Object.fromEntries(files.map(({ path, sizeBytes }) => [path, sizeBytes]))
}

function fails(code: 'UNSUPPORTED' | 'PAGE_DAMAGED', message: RegExp): (error: unknown) => boolean {
  return (error) => isHoldfastError(error, code) && message.test(error.message)
}

test('names are told as the donor opens files, and are paths of the backup', async () => {
  assert.deepEqual(
    await sizes([
      state(2),
      file(2, 0, 'ib_buffer_pool', { fspFlags: 0xffff_ffff, sizeBytes: 20 }),
      file(2, 1, './shop/orders.ibd'),
      file(2, 2, '/var/lib/mysql/shop/more.ibd'),
      file(2, 3, '/data/far.ibd'),
      state(3),
      state(4),
      file(4, 0, '', { fspFlags: 0xffff_ffff, sizeBytes: 1000 }),
      file(4, 1, '', { fspFlags: 0xffff_ffff, sizeBytes: 1000 }),
      file(4, 0, '', { fspFlags: 0xffff_ffff, sizeBytes: 1000 }),
      state(5),
    ]),
    {
      '#innodb_redo/#ib_redo0': 1000,
      '#innodb_redo/#ib_redo1': 1000,
      '/data/far.ibd': 7 * pageBytes,
      ib_buffer_pool: 20,
      'shop/more.ibd': 7 * pageBytes,
      'shop/orders.ibd': 7 * pageBytes,
    },
  )
})

test('files that changed names in a circle have their new ones', async () => {
  const { files } = await pour([
    state(2),
    file(2, 0, './a/one.ibd'),
    file(2, 1, './a/two.ibd', { sizeBytes: 8 * pageBytes }),
    file(2, 2, './a/three.ibd', { sizeBytes: 9 * pageBytes }),
    file(3, 0, './a/two.ibd', { isRenamed: true }),
    file(3, 1, './a/three.ibd', { isRenamed: true }),
    file(3, 2, './a/one.ibd', { isRenamed: true }),
    state(3),
    state(4),
    state(5),
  ])
  assert.deepEqual(
    files.map(({ path, sizeBytes }) => [path, sizeBytes / pageBytes]),
    [
      ['a/one.ibd', 9],
      ['a/three.ibd', 8],
      ['a/two.ibd', 7],
    ],
  )
})

test('a dropped file is gone, its late data too, and its name may be taken again', async () => {
  const { files } = await pour([
    state(2),
    file(2, 0, './a/t.ibd'),
    data(2, 0, 0, page(0)),
    file(2, 0, './a/#sql-ib7.ibd', { isDeleted: true, lastChunk: 0 }),
    data(2, 0, pageBytes, page(1)),
    file(3, 0, './a/#sql-ib7.ibd', { isDeleted: true }),
    file(3, 1, './a/t.ibd', { spaceId: 200 }),
    state(3),
    state(4),
    state(5),
  ])
  assert.deepEqual(
    files.map(({ path, tablespace }) => [path, tablespace?.spaceId]),
    [['a/t.ibd', 200]],
  )
})

test('what a donor tells twice after a broken connection is done once', async () => {
  const changes = [
    file(3, 0, './a/new.ibd', { isRenamed: true }),
    file(3, 1, './a/gone.ibd', { isDeleted: true }),
    file(3, 2, './a/made.ibd'),
  ]
  assert.deepEqual(
    Object.keys(
      await sizes([
        state(2),
        file(2, 0, './a/old.ibd'),
        file(2, 1, './a/gone.ibd'),
        file(2, 0, './a/old.ibd'),
        ...changes,
        ...changes,
        state(3),
        ...changes,
        state(3),
        state(4),
        state(5),
      ]),
    ),
    ['a/made.ibd', 'a/new.ibd'],
  )
})

test('a file that was created meanwhile begins with the page that recovery knows it by', async () => {
  const { files, objects } = await pour([
    state(2),
    file(3, 0, './a/made.ibd'),
    file(3, 1, './undo_003', { spaceId: 0xffff_ffee, fspFlags: 0 }),
    state(3),
    state(4),
    state(5),
  ])
  assert.deepEqual(
    files.map(({ path, kind, sizeBytes }) => [path, kind, sizeBytes]),
    [
      ['a/made.ibd', 'tablespace', 7 * pageBytes],
      ['undo_003', 'undo', 16 * 1024 * 1024],
    ],
  )
  assert.equal(objects.length, 2)
})

test('page 0 tells how far a tablespace has grown, and the last of its files takes the rest', async () => {
  const system = { spaceId: 0, sizeBytes: 64 * pageBytes }
  const grown = await sizes([
    state(2),
    file(2, 0, 'ibdata1', system),
    file(2, 1, 'ibdata2', system),
    file(2, 2, './a/t.ibd'),
    state(3),
    data(3, 0, 0, page(0), 200 * pageBytes),
    data(3, 2, 0, page(0), 90 * pageBytes),
    state(4),
    state(5),
  ])
  assert.deepEqual(grown, { 'a/t.ibd': 90 * pageBytes, ibdata1: 64 * pageBytes, ibdata2: 136 * pageBytes })
})

test('a file of more than an extent ends with a whole one', async () => {
  const grown = await sizes([
    state(2),
    file(2, 0, './a/t.ibd'),
    data(2, 0, 64 * pageBytes, page(64)),
    state(3),
    state(4),
    state(5),
  ])
  assert.deepEqual(grown, { 'a/t.ibd': 128 * pageBytes })
})

test('a torn page has to come again whole', async () => {
  const torn = page(2)
  torn.writeUInt32BE(77, pageBytes - 4)
  const copied = [state(2), file(2, 0, './a/t.ibd'), data(2, 0, 0, Buffer.concat([page(0), page(1), torn]))]
  const end = [state(4), state(5)]
  await assert.rejects(pour([...copied, state(3), ...end]), fails('PAGE_DAMAGED', /page 2 of a\/t\.ibd/))
  await pour([...copied, state(3), data(3, 0, 2 * pageBytes, page(2)), ...end])
})

test('pages of the second file of a tablespace count on from the first', async () => {
  const system = { spaceId: 0, sizeBytes: 200 * pageBytes }
  const files = [state(2), file(2, 0, 'ibdata1', system), file(2, 1, 'ibdata2', system)]
  const end = [state(3), state(4), state(5)]
  await pour([...files, data(2, 1, 0, page(200)), ...end])
  await assert.rejects(pour([...files, data(2, 1, 0, page(0)), ...end]), fails('PAGE_DAMAGED', /ibdata2/))
})

test('the first page of an encrypted tablespace is stored with the key that lies on the disk, or not at all', async () => {
  // Behind the 256 extents that a first page of 16 KiB describes.
  const keyAt = 150 + 256 * 40
  const withKey = (key: string): Buffer => {
    const bytes = page(0)
    bytes.write(`lCC${key.repeat(108)}`, keyAt, 'latin1')
    return bytes
  }
  const table = [state(2), file(2, 0, './a/t.ibd', { isEncrypted: true })]
  const again = [state(3), data(3, 0, 0, withKey('c')), state(4), state(5)]
  const backup = new MemoryBackup()
  const { objects, files } = await pour([...table, data(2, 0, 0, withKey('w')), ...again], backup)
  const stored = [...(objects[0]?.chunks ?? [])].map(({ id }) => backup.chunk(id))
  assert.ok(stored.length > 0 && files.length === 1)
  for (const bytes of stored) assert.ok(!bytes.includes('cccc') && bytes.includes('lCCwwww'))
  await assert.rejects(
    pour([...table, data(2, 0, 0, page(0)), ...again]),
    fails('UNSUPPORTED', /a\/t\.ibd was encrypted so shortly before/),
  )
})

test('the key of a redo log is not stored, and what is encrypted with it is refused', async () => {
  const described = { fspFlags: 0xffff_ffff, isEncrypted: true, sizeBytes: 3072 }
  const log = [state(2), state(3), state(4), file(4, 0, '', described)]
  const header = Buffer.alloc(2048, 1)
  header.write('lCC', 2 * 512 + 48)
  const block = Buffer.alloc(1024)
  block.writeUInt16BE(0x1f4, 512 + 4)
  const backup = new MemoryBackup()
  const { objects } = await pour([...log, data(4, 0, 0, header), data(4, 0, 2048, block), state(5)], backup)
  const [chunk] = objects.find(({ name }) => name === '#innodb_redo/#ib_redo0')?.chunks ?? []
  const stored = backup.chunk(chunk?.id ?? '')
  assert.ok(stored.subarray(1024, 1536).every((byte) => byte === 0))
  assert.ok(stored.subarray(0, 1024).every((byte) => byte === 1))
  block.writeUInt16BE(0x81f4, 512 + 4)
  await assert.rejects(pour([...log, data(4, 0, 2048, block)]), fails('UNSUPPORTED', /redo log is encrypted/))
})

test('a clone without its end, and data of an unknown file, are malformed', async () => {
  await assert.rejects(pour([state(2), state(3)]), /the end of the clone, found state 3/)
  await assert.rejects(pour([state(2), data(2, 5, 0, page(0))]), /found file 5/)
  await assert.rejects(
    pour([state(2), file(2, 0, './a/t.ibd'), data(2, 0, 100, page(0))]),
    /whole pages of 16384 bytes/,
  )
  await assert.rejects(
    pour([state(2), file(2, 0, './a/t.ibd'), data(2, 0, 2 ** 50, page(0))]),
    /a file below 281474976710656 bytes/,
  )
})
