// Chunks that are stored on threads of their own: every byte comes back, each chunk lies in the repository once, failures are told.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'
import type { BackupObject, StoredBackup } from '../../src/core/backup.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { sinkOnThreads } from '../../src/operations/threads/sink-on-threads.ts'
import { Repository } from '../../src/repository/repository.ts'
import type { SourceRepository } from '../../src/repository/source-repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const cellBytes = 256 * 1024

async function newSource(folder: string): Promise<SourceRepository> {
  const { identity = '' } = await Repository.create(new DirectoryStore(folder), {
    recipients: 'generate',
    encrypt: true,
  })
  const identities = [identity]
  return (await Repository.open(new DirectoryStore(folder), { identities })).source('s')
}

function backupOf(objects: readonly BackupObject[]): StoredBackup {
  const origin = {
    flavour: 'mariadb',
    serverVersion: '10.11.18-MariaDB',
    serverId: 1,
    gtidDomainId: 0,
  } as const
  const point = { timeMicros: 1_780_000_000_000_000 }
  const described = { content: {}, isPartial: false, warnings: [] }
  return { kind: 'physical', method: 'cold', origin, point, objects, ...described }
}

test('chunks on threads come back as they were, and each is stored once', async () => {
  await using folder = await temporaryDirectory()
  const place = path.join(folder.path, 'repository')
  const source = await newSource(place)
  // 50 MiB, of which the first 32 are stored without a thread; each chunk of the first half comes again in the second.
  const half = Array.from({ length: 100 }, () => randomBytes(cellBytes))
  const cells = [...half, ...half]
  await using session = await source.beginBackup('physical', 'cold')
  await using sink = sinkOnThreads(session, place, 2)
  const buffer = Buffer.alloc(cellBytes)
  const ids: string[] = []
  const waiting: Promise<unknown>[] = []
  for (const [at, cell] of [...cells, ...half.map((each) => Buffer.from(each.toReversed()))].entries()) {
    // What a caller has handed over and was answered for, it writes over.
    cell.copy(buffer)
    const own = at % 3 === 0 ? buffer : cell
    const put = sink.putChunk(own).then((id) => (ids[at] = id))
    waiting.push(put)
    if (own === buffer) await put
  }
  await Promise.all(waiting)
  await sink.finish()
  const chunks = ids.map((id) => ({ id, plainBytes: cellBytes, rows: 0, rowHash: '' }))
  const { id, sizes } = await session.commit(backupOf([{ name: 'file', chunks }]))
  assert.equal(sizes.chunks, 200)
  assert.ok(sizes.storedBytes < 201 * cellBytes, `${sizes.storedBytes}`)
  assert.ok(sizes.newBytes < 203 * cellBytes, `${sizes.newBytes}`)
  const reader = await source.openBackup(id)
  for (const [at, cell] of cells.entries()) {
    assert.ok((await reader.getChunk(ids[at] ?? '')).equals(cell), `chunk ${at}`)
  }
  const report = await source.verify({ readData: true })
  assert.deepEqual(report.problems, [])
})

test('a disk that is full under a thread is told, and nothing is committed', async () => {
  await using disk = await smallDisk(60)
  const place = path.join(disk.path, 'repository')
  const source = await newSource(place)
  await using session = await source.beginBackup('physical', 'cold')
  await using sink = sinkOnThreads(session, place, 2)
  const storing = async (): Promise<void> => {
    for (let at = 0; at < 400; at += 1) await sink.putChunk(randomBytes(cellBytes))
    await sink.finish()
  }
  await assert.rejects(storing(), (error) => isHoldfastError(error, 'DISK_FULL'))
  assert.deepEqual(await source.listBackups(), [])
})

test('a backup that is cancelled ends its threads', async () => {
  await using folder = await temporaryDirectory()
  const place = path.join(folder.path, 'repository')
  const source = await newSource(place)
  const cancel = new AbortController()
  const reason = new Error('enough')
  await using session = await source.beginBackup('physical', 'cold', { signal: cancel.signal })
  await using sink = sinkOnThreads(session, place, 2)
  const storing = async (): Promise<void> => {
    for (let at = 0; ; at += 1) {
      if (at === 200) cancel.abort(reason)
      await sink.putChunk(randomBytes(cellBytes), cancel.signal)
    }
  }
  await assert.rejects(storing(), (error) => error === reason)
})
