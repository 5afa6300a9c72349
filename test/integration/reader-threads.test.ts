// Backups that are read on threads of their own, tables in ranges: the same rows, the same failures, and nothing left running.
import assert from 'node:assert/strict'
import path from 'node:path'
import type { BackupResult } from '../../src/core/backup.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { type DumpOptions, dumpLogical } from '../../src/logical/dump-logical.ts'
import { digestOf } from '../../src/logical/read-back.ts'
import { readersHere } from '../../src/logical/table-reader.ts'
import { readersOnThreads } from '../../src/operations/threads/thread-reader.ts'
import type { BackupSession } from '../../src/repository/backup-session.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { Connection } from '../../src/wire/connection.ts'
import { numberOf } from '../../src/wire/row-values.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const digits =
  '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'

/** 30,000 rows of a kilobyte that does not compress, with holes in the key, and a small table beside it. */
const tables = `
  CREATE DATABASE t; CREATE TABLE t.big (id BIGINT PRIMARY KEY, f FLOAT, v VARBINARY(1100), n INT NULL);
  CREATE TABLE t.small (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t.small VALUES (1, 'one'), (2, NULL);
  INSERT INTO t.big
    SELECT 1000 * (a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * g.d) + IF(a.d > 4, 1e12, 0), RAND(),
      CONCAT(RANDOM_BYTES(1000), CHAR(0, 9, 10, 92)), NULLIF(a.d, 3)
    FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e, (SELECT 0 d UNION SELECT 1 UNION SELECT 2) g;
  ANALYZE TABLE t.big`

/** RANDOM_BYTES() is not there on MariaDB 10.11. */
const tablesFor = (server: string) =>
  server.startsWith('mysql')
    ? tables
    : tables.replace('RANDOM_BYTES(1000)', Array.from({ length: 31 }, () => 'UNHEX(MD5(RAND()))').join(', '))

/** Threads and ranges for anything that is not tiny. */
const worth = { threadBytes: 0, rangeBytes: 2 * 1024 * 1024 }

interface Place {
  readonly path: string
  begin(signal?: AbortSignal): Promise<BackupSession>
}

async function place(folder: string): Promise<Place> {
  const repository = await Repository.create(new DirectoryStore(folder), {
    recipients: 'generate',
    encrypt: true,
  })
  const opened = await Repository.open(new DirectoryStore(folder), {
    identities: [repository.identity ?? ''],
    stateDirectory: path.join(folder, '..', 'state'),
  })
  return {
    path: folder,
    begin: (signal) => opened.source('s').beginBackup('logical', 'dump', { signal }),
  }
}

function dump(
  server: TestServer,
  session: BackupSession,
  folder: string,
  options: Partial<DumpOptions> = {},
): Promise<BackupResult> {
  const settings = options.settings ?? server.settings()
  return dumpLogical({
    settings,
    sink: session,
    threads: 3,
    openReader: readersOnThreads(settings, session, folder, 3),
    worth,
    ...options,
  })
}

function digests(of: BackupResult) {
  return Object.fromEntries(of.objects.map((object) => [object.name, digestOf(object)]))
}

function isError(...codes: ErrorCode[]) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError, String(error))
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
    return true
  }
}

eachServer(
  'threads and ranges give the rows that one reader gives, and the next backup finds them stored',
  async (kind) => {
    await using server = await startServer(kind, { sql: tablesFor(kind) })
    await using directory = await temporaryDirectory()
    const repository = await place(path.join(directory.path, 'repository'))
    const alone = await dumpLogical({ settings: server.settings(), sink: new MemoryBackup(), threads: 1 })
    await using session = await repository.begin()
    const result = await dump(server, session, repository.path)
    assert.deepEqual(digests(result), digests(alone))
    const big = parseLogicalContent(result.content).schemas[0]?.tables.find(({ name }) => name === 'big')
    const ranges = big?.ranges ?? []
    assert.ok(ranges.length >= 5, `${ranges.length} ranges`)
    assert.equal(
      ranges.reduce((sum, range) => sum + range.rows, 0),
      30_000,
    )
    assert.equal(
      ranges.reduce((sum, range) => sum + range.chunks, 0),
      result.objects.find(({ name }) => name === 't/big')?.chunks.length,
    )
    const first = await session.commit(result)
    assert.ok(first.sizes.newBytes > 12_000_000, `${first.sizes.newBytes} bytes`)
    await session[Symbol.asyncDispose]()

    await using again = await repository.begin()
    const second = await again.commit(await dump(server, again, repository.path))
    // Where a range ends its last chunk is cut short, and ranges may end elsewhere the next time.
    assert.ok(second.sizes.newBytes < first.sizes.newBytes / 3, `${second.sizes.newBytes} bytes anew`)
  },
)

eachServer('rows that move between ranges while they are read are there exactly once', async (kind) => {
  await using server = await startServer(kind, { sql: tablesFor(kind) })
  await using directory = await temporaryDirectory()
  const repository = await place(path.join(directory.path, 'repository'))
  await using session = await repository.begin()
  const stop = new AbortController()
  let moved = 0
  const mover = (async () => {
    await using connection = await Connection.open(server.settings())
    // From the right end to the left and back: who reads at different moments gets rows twice or not at all.
    for (; !stop.signal.aborted; moved++) {
      await connection.run('UPDATE t.big SET id = -id ORDER BY id DESC LIMIT 5')
      await connection.run('UPDATE t.big SET id = -id WHERE id < 0 ORDER BY id LIMIT 3')
    }
  })()
  let result: BackupResult
  try {
    result = await dump(server, session, repository.path)
  } finally {
    stop.abort()
    await mover
  }
  const object = result.objects.find(({ name }) => name === 't/big')
  assert.equal(object && digestOf(object).rows, 30_000)
  assert.ok(moved > 5, `${moved} moves`)
})

eachServer('a session of a thread that is killed fails the backup with CONNECTION_LOST', async (kind) => {
  await using server = await startServer(kind, { sql: tablesFor(kind) })
  await using directory = await temporaryDirectory()
  const repository = await place(path.join(directory.path, 'repository'))
  await using session = await repository.begin()
  await using killer = await Connection.open(server.settings())
  let killing: Promise<unknown> | undefined
  const emit: DumpOptions['emit'] = (event) => {
    if (event.type === 'phase' && event.phase === 'reading tables') killing = killNewest(killer)
  }
  await assert.rejects(dump(server, session, repository.path, { emit }), isError('CONNECTION_LOST'))
  await killing
  assertNoThreads()
})

/** The session that came last: that of a thread. It has just begun to read. */
async function killNewest(killer: Connection): Promise<void> {
  const [row = {}] = await killer.query('SELECT MAX(ID) AS id FROM information_schema.PROCESSLIST')
  await killer.run(`KILL ${numberOf(row, 'id')}`)
}

/** A thread that is left running keeps the process, and its connection, for ever. */
function assertNoThreads(): void {
  const threads = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort')
  assert.deepEqual(threads, [])
}

eachServer('an abort ends all threads, and gives its own reason', async (kind) => {
  await using server = await startServer(kind, { sql: tablesFor(kind) })
  await using directory = await temporaryDirectory()
  const repository = await place(path.join(directory.path, 'repository'))
  await using session = await repository.begin()
  const controller = new AbortController()
  const reason = new HoldfastError('INTERRUPTED', 'enough')
  const emit: DumpOptions['emit'] = (event) => {
    if (event.type === 'progress' && event.done > 0) controller.abort(reason)
  }
  const dumping = dump(server, session, repository.path, { emit, signal: controller.signal })
  await assert.rejects(dumping, (error) => error === reason)
  assertNoThreads()
  assert.equal(
    await server.sql(
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT%`t`.`big`%' AND ID <> CONNECTION_ID()",
    ),
    '0\n',
  )
})

eachServer('a thread that finds the disk full says DISK_FULL, and nothing is committed', async (kind) => {
  await using server = await startServer(kind, { sql: tablesFor(kind) })
  await using disk = await smallDisk(12)
  const repository = await place(path.join(disk.path, 'repository'))
  await using session = await repository.begin()
  await assert.rejects(dump(server, session, repository.path), isError('DISK_FULL'))
  assertNoThreads()
})

eachServer('a backup that counts no more writes no pack on any thread', async (kind) => {
  await using server = await startServer(kind, { sql: 'CREATE DATABASE t' })
  await using directory = await temporaryDirectory()
  const folder = path.join(directory.path, 'repository')
  const repository = await place(folder)
  const controller = new AbortController()
  await using session = await repository.begin(controller.signal)
  await using reader = await readersOnThreads(server.settings(), session, folder, 1)(undefined)
  // A few bytes wait for more in a pack that is not full.
  const rows = { schema: 't', name: 't', select: 'SELECT 1' }
  assert.equal((await reader.read(rows, () => undefined, undefined)).length, 1)
  const reason = new HoldfastError('REPOSITORY_LOCKED', 'another writer took over')
  const finishing = reader.finish()
  controller.abort(reason)
  await assert.rejects(finishing, (error) => error === reason)
  await reader[Symbol.asyncDispose]()
  assert.deepEqual(await Array.fromAsync(new DirectoryStore(folder).list('sources/s/packs/')), [])
})

eachServer('as many threads are started as have something to do, and none for little', async (kind) => {
  await using server = await startServer(kind, { sql: tablesFor(kind) })
  const settings = server.settings()
  const sink = new MemoryBackup()
  const open = readersHere(settings, sink)
  const startedFor = async (threadBytes: number): Promise<number> => {
    let started = 0
    const openReader: DumpOptions['openReader'] = (signal) => {
      started++
      return open(signal)
    }
    const worthIt = { threadBytes, rangeBytes: worth.rangeBytes }
    await dumpLogical({ settings, sink, threads: 3, openReader, worth: worthIt })
    return started
  }
  // 30 MiB of rows, and up to twice that as the server counts them.
  assert.equal(await startedFor(64 * 1024 * 1024), 0)
  assert.equal(await startedFor(4 * 1024 * 1024), 3)
  const bytes = Number(
    await server.sql("SELECT SUM(DATA_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 't'"),
  )
  assert.equal(await startedFor(Math.floor(bytes / 2.5)), 2)
})
