// `--rate-limit`: never faster than said, whoever reads; and a server that has to wait is no reason to fail.
import assert from 'node:assert/strict'
import path from 'node:path'
import type { BackupResult } from '../../src/core/backup.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { RateLimit } from '../../src/core/rate-limit.ts'
import { type DumpOptions, dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { digestOf } from '../../src/logical/read-back.ts'
import { pacedSource } from '../../src/operations/paced-source.ts'
import { readersOnThreads } from '../../src/operations/threads/thread-reader.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const mebibyte = 2 ** 20
const rows = 8192

/** 8192 rows with `kibibytes` each in `v` alone: 8 MiB of them for 1. */
function table(kibibytes: number): string {
  const doublings = Array.from(
    { length: 13 },
    (_, bit) => `INSERT INTO t.big SELECT id + ${2 ** bit}, v FROM t.big;`,
  )
  return `CREATE DATABASE t; CREATE TABLE t.big (id INT PRIMARY KEY, v VARCHAR(10000));
    INSERT INTO t.big VALUES (0, REPEAT('abcdefgh', ${128 * kibibytes}));
    ${doublings.join('\n')}
    ANALYZE TABLE t.big`
}

/** Seconds from the first row asked for to the end. */
async function timed(
  dump: (options: Partial<DumpOptions>) => Promise<BackupResult>,
): Promise<{ readonly seconds: number; readonly result: BackupResult }> {
  let started = 0
  const result = await dump({
    emit: (event) => {
      if (event.type === 'phase' && event.phase === 'reading tables') started = performance.now()
    },
  })
  return { seconds: (performance.now() - started) / 1000, result }
}

function rowsOf(result: BackupResult): number {
  return result.objects.reduce((sum, object) => sum + digestOf(object).rows, 0)
}

eachServer(
  'a backup takes as long as its rate says and little more, on one thread and on three',
  async (kind) => {
    await using server = await startServer(kind, { sql: table(1) })
    await using directory = await temporaryDirectory()
    const folder = path.join(directory.path, 'repository')
    await Repository.create(new DirectoryStore(folder), { recipients: [], encrypt: false })
    const source = (await Repository.open(new DirectoryStore(folder))).source('s')
    await using session = await source.beginBackup('logical', 'dump')
    const settings = server.settings()
    const limit = RateLimit.of(4 * mebibyte)
    const worth = { threadBytes: 0, rangeBytes: mebibyte }
    const runs: readonly ((options: Partial<DumpOptions>) => Promise<BackupResult>)[] = [
      (options) =>
        dumpLogical({
          settings,
          sink: new MemoryBackup(),
          rateLimit: RateLimit.of(4 * mebibyte),
          ...options,
        }),
      (options) => {
        const openReader = readersOnThreads(settings, session, folder, 3, limit)
        return dumpLogical({ settings, sink: session, threads: 3, openReader, worth, ...options })
      },
    ]
    for (const run of runs) {
      const { seconds, result } = await timed(run)
      assert.equal(rowsOf(result), rows)
      // 8 MiB of cells alone, at 4 MiB a second.
      assert.ok(seconds >= 2, `${seconds} s`)
      assert.ok(seconds < 10, `${seconds} s`)
    }
  },
)

eachServer('a cancel is not held up by a slow rate, and ends the statement on the server', async (kind) => {
  await using server = await startServer(kind, { sql: table(1) })
  const controller = new AbortController()
  const reason = new HoldfastError('INTERRUPTED', 'enough')
  let cancelled = 0
  const emit: DumpOptions['emit'] = (event) => {
    if (event.type !== 'phase' || event.phase !== 'reading tables') return
    setTimeout(() => {
      cancelled = performance.now()
      controller.abort(reason)
    }, 1000)
  }
  const rateLimit = RateLimit.of(64 * 1024)
  // As if others had used up the next minute.
  void rateLimit.spend(60 * 64 * 1024, controller.signal)
  const dumping = dumpLogical({
    settings: server.settings(),
    sink: new MemoryBackup(),
    rateLimit,
    emit,
    signal: controller.signal,
  })
  await assert.rejects(dumping, (error) => error === reason)
  const seconds = (performance.now() - cancelled) / 1000
  assert.ok(seconds < 5, `${seconds} s`)
  assert.equal(await selects(server), '0\n')
})

function selects(server: TestServer): Promise<string> {
  return server.sql(
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT%`t`.`big`%' AND ID <> CONNECTION_ID()",
  )
}

eachServer('a server of little patience waits for a slow reader all the same', async (kind) => {
  await using server = await startServer(kind, { sql: table(4), args: ['--net-write-timeout=1'] })
  const limit = RateLimit.of(16 * mebibyte)
  const { seconds, result } = await timed((options) => {
    // As if others had used up the next five seconds: more than fits into the buffers on the way has to wait for them.
    void limit.spend(80 * mebibyte, undefined)
    return dumpLogical({
      settings: server.settings(),
      sink: new MemoryBackup(),
      threads: 1,
      rateLimit: limit,
      ...options,
    })
  })
  assert.equal(rowsOf(result), rows)
  // 32 MiB at 16 MiB a second, and most of the five.
  assert.ok(seconds >= 5, `${seconds} s`)
})

eachServer('rows are sent to a target at a rate as well', async (kind) => {
  await using server = await startServer(kind, { sql: table(1) })
  const backup = new MemoryBackup()
  const result = await dumpLogical({ settings: server.settings(), sink: backup })
  await using target = await startServer(kind)
  const started = performance.now()
  await loadLogical({
    settings: target.settings(),
    backup: pacedSource(backup.source(result), RateLimit.of(4 * mebibyte)),
  })
  const seconds = (performance.now() - started) / 1000
  assert.ok(seconds >= 2, `${seconds} s`)
  assert.ok(seconds < 30, `${seconds} s`)
  assert.equal(await target.sql('SELECT COUNT(*) FROM t.big'), `${rows}\n`)
})
