import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { Archive } from '../../src/archive/archive.ts'
import { findTransactions } from '../../src/archive/find-transactions.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { gapBetween } from '../../src/core/history.ts'
import { archiveRig, eventually } from '../support/archive-rig.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const table = 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT);'
const insert = "INSERT INTO d.t (v) VALUES ('x');"

eachServer('catching up archives every file byte for byte, and going on later continues it', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(`${table}${insert.repeat(50)} FLUSH BINARY LOGS; ${insert.repeat(30)}`)
  const first = await rig.catchUp()
  assert.equal(first.stopped, 'caught-up')
  await rig.assertSameAsSource()
  await server.sql(`${insert.repeat(20)} FLUSH BINARY LOGS; FLUSH BINARY LOGS; ${insert}`)
  const second = await rig.catchUp()
  assert.equal(second.timeline, first.timeline)
  await rig.assertSameAsSource()
  // MariaDB writes the checkpoint of a rotation when it likes, so the first of these may find that.
  let segments = -1
  for (let attempt = 0; attempt < 5 && segments !== 0; attempt++) ({ segments } = await rig.catchUp())
  assert.equal(segments, 0, 'nothing new makes no segment')

  const history = (await Archive.open(rig.source)).history()
  for (const [i, segment] of history.entries()) {
    const previous = history[i - 1]
    if (previous !== undefined) assert.equal(gapBetween(previous, segment), undefined)
  }
  assert.equal(
    history.reduce((sum, { transactionCount }) => sum + transactionCount, 0),
    103,
  )
})

eachServer('small segments give the same bytes and transactions as large ones', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table + insert.repeat(100))
  await rig.catchUp({ sealBytes: 2000 })
  await rig.assertSameAsSource()
  const archive = await Archive.open(rig.source)
  assert.ok(archive.segments.length > 5)
  const [first] = archive.history()
  assert.ok(first !== undefined)
  let seen = 0
  for await (const { transaction, end } of archive.readTransactions({
    timeline: first.timeline,
    from: { file: first.file, offset: 4 },
  })) {
    for await (const event of transaction.events) assert.ok(event.bytes.length > 0)
    assert.equal(transaction.end(), end)
    seen++
  }
  assert.equal(seen, 102)
})

eachServer('events over 16 MiB and transactions over the cut keep their bytes', async (kind) => {
  await using server = await startServer(kind, {
    args: ['--max-allowed-packet=128M', '--max-binlog-size=8M'],
  })
  await using rig = await archiveRig(server)
  await server.sql(`${table}
    INSERT INTO d.t (v) VALUES (REPEAT('a', 40 * 1024 * 1024));
    BEGIN; ${"INSERT INTO d.t (v) VALUES (REPEAT('b', 3 * 1024 * 1024));".repeat(4)} COMMIT; ${insert}`)
  await rig.catchUp({ cutBytes: 4 * 1024 * 1024 })
  await rig.assertSameAsSource()
  const archive = await Archive.open(rig.source)
  assert.ok(archive.segments.some(({ index }) => index.openTransaction !== undefined))
  const [first] = archive.history()
  assert.ok(first !== undefined)
  let bytes = 0
  let count = 0
  for await (const { transaction, start, end } of archive.readTransactions({
    timeline: first.timeline,
    from: { file: first.file, offset: 4 },
  })) {
    for await (const event of transaction.events) bytes += event.bytes.length
    assert.equal(transaction.end(), end)
    assert.equal(transaction.group.start, start)
    count++
  }
  assert.equal(count, 5)
  assert.ok(bytes > 52 * 1024 * 1024)
})

eachServer('the server restarts, crashes and drops connections while it is streamed', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table)
  const { stop, done } = rig.stream({ sealAfterMs: 300 })
  await eventually('it streams', () => rig.events.some(({ type }) => type === 'progress'))
  await server.sql(insert.repeat(50))
  await server.restart()
  await server.sql(insert.repeat(50))
  await server.kill9()
  await server.restart()
  await server.sql(insert.repeat(50))
  const killThreads = await server.sql(
    "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'",
  )
  await server.sql(killThreads)
  await server.sql(insert.repeat(50))
  await eventually('all rows are archived', async () => {
    const archive = await Archive.open(rig.source)
    return archive.history().reduce((sum, { transactionCount }) => sum + transactionCount, 0) === 202
  })
  stop.abort()
  assert.equal((await done).stopped, 'signal')
  await rig.assertSameAsSource()
})

eachServer('what has arrived is sealed and stored when the stream is told to stop', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table)
  const { stop, done } = rig.stream()
  await server.sql(insert.repeat(10))
  await eventually('events have arrived', () => rig.events.some(({ type }) => type === 'progress'))
  await new Promise((resolve) => {
    setTimeout(resolve, 600)
  })
  stop.abort()
  await done
  await rig.assertSameAsSource()
})

eachServer(
  'a purged log, a reset one and another server are told apart, and a new timeline can begin',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await archiveRig(server)
    await server.sql(table + insert)
    await rig.catchUp()
    await server.sql(`${insert} FLUSH BINARY LOGS; ${insert} FLUSH BINARY LOGS`)
    await purgeTo(server, 'binlog.000003')
    await assert.rejects(rig.catchUp(), (error) => isHoldfastError(error, 'BINLOG_PURGED'))
    const fresh = await rig.catchUp({ startNewTimeline: true })
    assert.match(fresh.timeline, /^0002-/)
    await server.sql(insert.repeat(20))
    await rig.catchUp()
    // The same names again, with another history in them.
    await server.sql(kind === 'mysql-9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER')
    await server.sql(`FLUSH BINARY LOGS; FLUSH BINARY LOGS; ${insert.repeat(40)}`)
    await assert.rejects(rig.catchUp(), (error) => isHoldfastError(error, 'ARCHIVE_DIVERGED'))
    const third = await rig.catchUp({ startNewTimeline: true })
    assert.match(third.timeline, /^0003-/)
    await rig.assertSameAsSource()
    assert.deepEqual(
      (await Archive.open(rig.source)).timelines().map((name) => name.slice(0, 4)),
      ['0001', '0002', '0003'],
    )
  },
)

eachServer('a log that was reset and is shorter than what was archived is another history', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table + insert.repeat(20))
  await rig.catchUp()
  await server.sql(kind === 'mysql-9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER')
  await server.sql(insert)
  await assert.rejects(rig.catchUp(), (error) => isHoldfastError(error, 'ARCHIVE_DIVERGED'))
})

eachServer('files that are archived to their end may be purged', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(`${table}${insert} FLUSH BINARY LOGS`)
  const { stop, done } = rig.stream()
  await eventually('the first file is stored', async () => (await rig.source.listSegments()).length > 0)
  stop.abort()
  await done
  await server.sql(`FLUSH BINARY LOGS; ${insert}`)
  await rig.catchUp()
  await server.sql('FLUSH BINARY LOGS')
  await rig.catchUp()
  await server.restart()
  await rig.catchUp()
  await rig.assertSameAsSource()
})

eachServer('a transaction is found by its table, kind, rows, GTID and time', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(
    `${table}${insert.repeat(5)} UPDATE d.t SET v = 'y' WHERE id < 3; DELETE FROM d.t; DROP TABLE d.t;`,
  )
  await rig.catchUp({ sealBytes: 1000 })
  const archive = await Archive.open(rig.source)
  const find = (filter: Parameters<typeof findTransactions>[1]) =>
    Array.fromAsync(findTransactions(archive, filter))
  const [removal, ...others] = await find({ table: 'd.t', kind: 'delete', minRows: 5 })
  assert.deepEqual(removal?.tables, [
    { schema: 'd', table: 't', inserts: 0, updates: 0, deletes: 5, isUncounted: false },
  ])
  assert.deepEqual(others, [])
  assert.equal((await find({ table: 'd.t', kind: 'delete', minRows: 6 })).length, 0)
  assert.equal((await find({ table: 'd', kind: 'insert' })).length, 5)
  assert.equal((await find({ kind: 'update' }))[0]?.tables[0]?.updates, 2)
  assert.equal((await find({ table: 'd.other', kind: 'insert' })).length, 0)
  const ddl = await find({ kind: 'ddl' })
  assert.deepEqual(
    ddl.map(({ statement }) => statement?.split(' ').slice(0, 2).join(' ')),
    ['CREATE DATABASE', 'CREATE TABLE', 'DROP TABLE'],
  )
  assert.equal((await find({ table: 'd.t', kind: 'ddl' })).length, 3)
  assert.equal((await find({ table: 'd', kind: 'ddl' })).length, 3)
  assert.deepEqual(await find({ table: 'nosuch.table' }), [])
  assert.deepEqual(
    (await find({ table: 'd.other' })).map(({ statement }) => statement),
    ['CREATE DATABASE d'],
  )
  assert.ok(removal?.gtid !== undefined)
  assert.deepEqual(await find({ gtid: removal.gtid }), [removal])
  const now = Date.now() * 1000
  assert.ok(Math.abs(removal.timeMicros - now) < 60_000_000)
  assert.equal((await find({ untilMicros: now - 3600_000_000 })).length, 0)
  assert.equal((await find({ sinceMicros: now - 3600_000_000 })).length, 10)
})

eachServer('changes logged as statements are archived with a warning', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(`${table} USE d; SET SESSION binlog_format = STATEMENT; ${insert}`)
  await rig.catchUp()
  assert.ok(rig.events.some((event) => event.type === 'notice' && /as statements/.test(event.message)))
  const archive = await Archive.open(rig.source)
  assert.equal(
    archive.history().reduce((sum, segment) => sum + (segment.statementTransactions ?? 0), 0),
    1,
  )
})

eachServer('a forged time moves no other transaction', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  const before = Date.now() * 1000 - 2_000_000
  await server.sql(`${table}${insert.repeat(3)}
    SET timestamp = 2000000000; ${insert} SET timestamp = 1000000000; ${insert} SET timestamp = DEFAULT; ${insert.repeat(3)}`)
  await rig.catchUp()
  const archive = await Archive.open(rig.source)
  const times = archive
    .history()
    .flatMap((segment) => archive.transactionsOf(segment).map((each) => each.timeMicros))
  assert.equal(times.length, 10)
  for (const time of times) assert.ok(time >= before && time <= Date.now() * 1000 + 2_000_000, String(time))
})

test('a second archiver with the same spool is refused, and the first goes on', async () => {
  await using server = await startServer('mariadb-11.8')
  await using rig = await archiveRig(server)
  await server.sql(table)
  const { stop, done } = rig.stream()
  await eventually('it streams', () => rig.events.some(({ type }) => type === 'progress'))
  await assert.rejects(rig.catchUp(), (error) => isHoldfastError(error, 'REPOSITORY_LOCKED'))
  stop.abort()
  await done
})

eachServer('a second archiver elsewhere ends the first, which loses nothing', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table + insert)
  await rig.catchUp()
  const first = rig.stream()
  const firstEnd = assert.rejects(first.done, (error) => isHoldfastError(error, 'REPOSITORY_LOCKED'))
  await server.sql(insert)
  await eventually('it streams', () => rig.events.filter(({ type }) => type === 'progress').length > 1)
  const second = rig.stream({ spoolDir: `${rig.folder}/other` })
  await firstEnd
  await server.sql(insert.repeat(5))
  second.stop.abort()
  await second.done
  await rig.catchUp({ spoolDir: `${rig.folder}/other` })
  await rig.catchUp()
  await rig.assertSameAsSource()
})

eachServer(
  'a writer without a key goes on by its spool alone, and needs the key once when that is lost',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await archiveRig(server, { encrypt: true })
    assert.ok(rig.identity !== undefined)
    const source = await rig.openWith([])
    await server.sql(table + insert.repeat(5))
    const first = await rig.catchUp({ source })
    await server.sql(`${insert} FLUSH BINARY LOGS; ${insert}`)
    assert.equal((await rig.catchUp({ source: await rig.openWith([]) })).timeline, first.timeline)
    await rm(rig.spoolDir, { recursive: true })
    await server.sql(insert)
    await assert.rejects(rig.catchUp({ source: await rig.openWith([]) }), (error) =>
      isHoldfastError(error, 'IDENTITY_MISSING'),
    )
    const reader = await rig.openWith([rig.identity])
    assert.equal((await rig.catchUp({ source: reader })).timeline, first.timeline)
    await rig.assertSameAsSource(reader)
  },
)

for (const kind of testedKinds.filter((each) => each.startsWith('mariadb'))) {
  test(`a source that encrypts its binary logs is archived in clear, and going on continues it (${kind})`, async () => {
    await using keys = await temporaryDirectory()
    const keyFile = path.join(keys.path, 'keys')
    await writeFile(keyFile, `1;${'a7addd9adea9978fda19f21e6be98788'.repeat(2)}\n`)
    await using server = await startServer(kind, {
      args: [
        '--plugin-load-add=file_key_management',
        `--file-key-management-filename=${keyFile}`,
        '--encrypt-binlog=1',
      ],
    })
    await using rig = await archiveRig(server)
    await server.sql(`${table}${insert} FLUSH BINARY LOGS; ${insert}`)
    await rig.catchUp()
    await server.sql(insert.repeat(2))
    await rig.catchUp()
    const archive = await Archive.open(rig.source)
    const inserts = await Array.fromAsync(findTransactions(archive, { table: 'd.t', kind: 'insert' }))
    assert.equal(inserts.length, 4)
    assert.equal(archive.timelines().length, 1)
  })
}

test('a source without GTIDs is archived likewise', async () => {
  await using server = await startServer('mysql-9.7', {
    args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
  })
  await using rig = await archiveRig(server)
  await server.sql(`${table}${insert.repeat(3)} FLUSH BINARY LOGS; ${insert}`)
  await rig.catchUp()
  await server.sql(insert)
  await rig.catchUp()
  await rig.assertSameAsSource()
  const history = (await Archive.open(rig.source)).history()
  assert.ok(history.every((segment) => segment.transactionCount === 0 || segment.gtidAfter === undefined))
  assert.equal(
    history.reduce((sum, { transactionCount }) => sum + transactionCount, 0),
    7,
  )
})

/** A source keeps files that a replica still reads or that its own crash recovery may need: it takes a moment and some tries. */
async function purgeTo(server: TestServer, file: string): Promise<void> {
  await eventually(`the files before ${file} are purged`, async () => {
    await server.sql(`PURGE BINARY LOGS TO '${file}'`)
    return (await server.sql('SHOW BINARY LOGS')).startsWith(file)
  })
}

eachServer(
  'a search answers from the indexes what the data would, and reads no rows for it',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await archiveRig(server)
    await server.sql(`${table} CREATE TABLE d.other (id INT PRIMARY KEY); FLUSH BINARY LOGS;
    ${insert.repeat(10)} INSERT INTO d.other VALUES (1), (2), (3); BEGIN; ${insert} DELETE FROM d.other WHERE id > 1; COMMIT;
    UPDATE d.other SET id = 7`)
    await rig.catchUp()
    const archive = await Archive.open(rig.source)
    const rowsFile = archive.segments.at(-1)!.index.file
    const filters = [
      {},
      { table: 'd.other' },
      { table: 'd' },
      { table: 'd.other', kind: 'delete' },
      { kind: 'update' },
      { kind: 'insert', minRows: 3 },
      { minRows: 2 },
      { table: 'd.nosuch' },
      { untilMicros: 1 },
    ] as const
    const found = async (
      from: Pick<Archive, 'segments' | 'readTransactions'>,
      filter: (typeof filters)[number],
    ) => Array.fromAsync(findTransactions(from, { ...filter, file: rowsFile }))
    const { segments } = archive
    const unreadable = {
      segments,
      readTransactions: () => {
        throw new Error('data was read')
      },
    }
    const uncounted = {
      // Without counts in the indexes, as older versions wrote them.
      segments: segments.map(({ ref, index }) => {
        const { changes: _, ...transactions } = index.transactions
        return { ref, index: { ...index, transactions } }
      }),
      readTransactions: archive.readTransactions.bind(archive),
    }
    const counts: number[] = []
    for (const filter of filters) {
      const told = await found(unreadable, filter)
      assert.deepEqual(told, await found(uncounted, filter))
      counts.push(told.length)
    }
    assert.deepEqual(counts, [13, 3, 13, 1, 1, 1, 2, 0, 0])
  },
)
