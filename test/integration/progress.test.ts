// How far the work is: told as it is, on servers whose own guesses are wrong, for backups, restores, comparisons and imports alike.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { percentDone } from '../../src/cli/output/progress-text.ts'
import type { HoldfastEvent, ProgressEvent } from '../../src/core/events.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { importDump } from '../../src/logical/import/import-dump.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { openDump } from '../../src/operations/open-dump.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const rows = 16_384
// 16 MiB of text in chunks of 2 MiB on average, of which the server believes that they are an eighth of that.
const doubling = (bits: readonly number[]) =>
  bits.map((bit) => `INSERT INTO t.big SELECT id + ${2 ** bit}, v FROM t.big;`).join('\n')
const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
const sample = `CREATE DATABASE t;
  CREATE TABLE t.big (id INT PRIMARY KEY, v VARCHAR(1100), KEY (v(20))) STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 0;
  INSERT INTO t.big VALUES (0, REPEAT('abcdefgh', 128));
  ${doubling(upTo(0, 14))}
  ANALYZE TABLE t.big;
  UPDATE mysql.innodb_table_stats SET n_rows = 2048, clustered_index_size = 130 WHERE database_name = 't' AND table_name = 'big';
  CREATE TABLE t.small (id INT PRIMARY KEY);
  INSERT INTO t.small VALUES (1), (2), (3)`

function watch() {
  const told: ProgressEvent[] = []
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'progress') told.push(event)
  }
  return { emit, of: (phase: string) => told.filter((event) => event.phase === phase) }
}

/** Never backwards, never beyond the total, not at 100 % before the end, and at the end exactly all of it. */
function checkCourse(
  course: readonly ProgressEvent[],
  all: { readonly bytes: number; readonly rows: number },
) {
  assert.ok(course.length >= 3, `told ${course.length} times only`)
  for (const [at, event] of course.entries()) {
    const before = course[at - 1]
    assert.ok(event.done >= (before?.done ?? 0) && (event.rows ?? -1) >= (before?.rows ?? 0))
    assert.ok((event.total ?? 0) >= event.done, `${event.done} of ${event.total}`)
    if (event.done < all.bytes) assert.notEqual(percentDone(event), 100)
  }
  const { done, total, rows: counted, isEstimate, isAtLeast } = course.at(-1) ?? {}
  assert.deepEqual(
    { done, total, counted, isEstimate, isAtLeast },
    { done: all.bytes, total: all.bytes, counted: all.rows, isEstimate: undefined, isAtLeast: undefined },
  )
}

async function backUp(server: TestServer, emit: (event: HoldfastEvent) => void = () => undefined) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({
    settings: server.settings(),
    sink: memory,
    selection: { kind: 'schemas', schemas: ['t'] },
    emit,
  })
  const bytes = result.objects
    .flatMap(({ chunks }) => chunks)
    .reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  return { backup: memory.source(result), bytes }
}

const all = rows + 3

eachServer(
  'a backup corrects the guess of the server, and says "at least" where that is wrong',
  async (kind) => {
    await using server = await startServer(kind, { sql: sample })
    // Only then does every server believe what it has been told.
    await server.restart()
    const watched = watch()
    const { bytes } = await backUp(server, watched.emit)
    const course = watched.of('reading tables')
    checkCourse(course, { bytes, rows: all })
    const [first] = course
    assert.ok((first?.total ?? 0) < bytes / 2, 'the guess is wrong')
    for (const event of course.slice(0, -1)) assert.equal(event.isEstimate, true)
    // Behind what the guess says of rows, nobody knows where the table ends.
    const beyond = course.filter(({ done, rows: read = 0 }) => read > rows / 4 && done < bytes / 2)
    assert.ok(beyond.length > 0)
    for (const event of beyond) {
      assert.equal(event.isAtLeast, true)
      assert.equal(percentDone(event), undefined)
    }
  },
)

eachServer(
  'a restore tells rows, then the indexes that were left, and a comparison what it has read',
  async (kind) => {
    await using server = await startServer(kind, { sql: sample })
    await using target = await startServer(kind)
    const { backup, bytes } = await backUp(server)
    const watched = watch()
    const settings = target.settings()
    await loadLogical({ settings, backup, deferFromBytes: 0, emit: watched.emit })
    const loading = watched.of('loading rows')
    assert.match(loading[0]?.followedBy ?? '', /^indexes of \d tables?$/)
    assert.deepEqual(
      { ...loading.at(-1), detail: undefined, followedBy: undefined },
      {
        type: 'progress',
        phase: 'loading rows',
        done: bytes,
        total: bytes,
        rows: all,
        unit: 'bytes',
        detail: undefined,
        followedBy: undefined,
      },
    )
    const indexing = watched.of('adding indexes')
    assert.equal(indexing.at(-1)?.done, indexing.at(-1)?.total)

    const compared = watch()
    await verifyTarget({ settings, backup, threads: 2, emit: compared.emit })
    checkCourse(compared.of('reading the target back'), { bytes, rows: all })
  },
)

eachServer('a comparison with a target that has half the rows ends at what it has', async (kind) => {
  await using server = await startServer(kind, { sql: sample })
  const { backup, bytes } = await backUp(server)
  await server.sql(`DELETE FROM t.big WHERE id >= ${rows / 2}`)
  const half = (await backUp(server)).bytes
  const watched = watch()
  await verifyTarget({ settings: server.settings(), backup, threads: 2, emit: watched.emit })
  const course = watched.of('reading the target back')
  assert.equal(course[0]?.total, bytes)
  checkCourse(course, { bytes: half, rows: rows / 2 + 3 })
})

eachServer('an import is measured by the files, compressed or not', async (kind) => {
  await using server = await startServer(kind, { sql: sample })
  await using folder = await temporaryDirectory()
  const [program, ...args] = server.programs.dump
  const { stdout } = await promisify(execFile)(program, [...args, '--databases', 't'], {
    maxBuffer: 64 * 1024 * 1024,
    encoding: 'buffer',
  })
  for (const [name, content] of [
    ['plain.sql', stdout],
    ['packed.sql.gz', gzipSync(stdout)],
  ] as const) {
    const file = path.join(folder.path, name)
    await writeFile(file, content)
    const watched = watch()
    const opened = await openDump(file, undefined)
    await importDump({ ...opened, sink: new MemoryBackup(), emit: watched.emit })
    checkCourse(watched.of('reading the dump'), { bytes: content.length, rows: all })
  }
})
