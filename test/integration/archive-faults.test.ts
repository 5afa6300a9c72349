import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFile, mkdir, readdir, readFile, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Archive } from '../../src/archive/archive.ts'
import type { StreamOptions, StreamSummary } from '../../src/archive/stream-binary-logs.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { type ArchiveRig, archiveRig, eventually, puttingBy, startArchiver } from '../support/archive-rig.ts'
import { eachServer, startServer } from '../support/servers.ts'

const table = 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT);'
const insert = "INSERT INTO d.t (v) VALUES (REPEAT('x', 300));"

eachServer('the archiver is killed at any moment, and no byte is lost or doubled', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(table)
  for (let round = 0; round < 6; round++) {
    const archiver = startArchiver(server, rig)
    const ended = once(archiver, 'exit')
    const writing = server.sql(`${insert.repeat(200)}${round % 2 === 0 ? 'FLUSH BINARY LOGS;' : ''}`)
    assert.ok(archiver.stdout !== null)
    await once(archiver.stdout, 'data')
    await sleep(Math.random() * 150)
    archiver.kill('SIGKILL')
    await Promise.all([ended, writing])
  }
  await rig.catchUp()
  await rig.assertSameAsSource()
  const archive = await Archive.open(rig.source)
  assert.equal(
    archive.history().reduce((sum, { transactionCount }) => sum + transactionCount, 0),
    1202,
  )
  assert.equal(archive.timelines().length, 1)
})

eachServer('a torn end of the spool is cut at the last whole event, and comes again', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(table + insert.repeat(20))
  for (const tear of ['cut', 'garbage', 'zeros'] as const) {
    const archiver = startArchiver(server, rig)
    const ended = once(archiver, 'exit')
    assert.ok(archiver.stdout !== null)
    await once(archiver.stdout, 'data')
    await server.sql(insert.repeat(3))
    archiver.kill('SIGKILL')
    await ended
    const name = (await readdir(rig.spoolDir)).find((entry) => entry.includes('@'))
    if (name !== undefined) {
      const file = path.join(rig.spoolDir, name)
      if (tear === 'cut') await truncate(file, Math.max(0, (await stat(file)).size - 7))
      if (tear === 'garbage') await appendFile(file, Buffer.alloc(100, 0xa5))
      if (tear === 'zeros') await appendFile(file, Buffer.alloc(5000))
    }
    await rig.catchUp()
    await rig.assertSameAsSource()
  }
})

eachServer('a sealed segment that the spool has lost bytes of is asked for again', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table)
  await rig.catchUp()
  const away = puttingBy(rig.source, async () => {
    throw new HoldfastError('STORE_UNUSABLE', 'the repository is away')
  })
  for (const damage of ['cut', 'changed', 'gone'] as const) {
    await server.sql(insert.repeat(100))
    await assert.rejects(rig.catchUp({ source: away, sealBytes: 10_000 }), { code: 'STORE_UNUSABLE' })
    const sealed = (await readdir(rig.spoolDir)).filter((entry) => entry.includes('@')).toSorted()
    assert.ok(sealed.length > 1, `only ${sealed.join(', ')}`)
    const file = path.join(rig.spoolDir, sealed[0] ?? '')
    if (damage === 'cut') await truncate(file, (await stat(file)).size - 7)
    if (damage === 'gone') await rm(file)
    if (damage === 'changed') {
      const bytes = await readFile(file)
      bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000)
      await writeFile(file, bytes)
    }
    await rig.catchUp()
    await rig.assertSameAsSource()
  }
  const said = rig.events.filter((event) => event.type === 'notice' && /has lost bytes/.test(event.message))
  assert.equal(said.length, 3)
})

eachServer('a full disk under the spool stops the stream with DISK_FULL and loses nothing', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(`${table}${insert.repeat(20)}`)
  await rig.catchUp()
  await server.sql(`${insert} INSERT INTO d.t (v) VALUES (REPEAT('y', 2000000)); ${insert.repeat(20)}`)
  // A limit on the size of files fails in the same place as a full disk, and needs no rights: 400 blocks of 512 bytes.
  const limited = startArchiver(server, rig, {
    through: ['sh', '-c', 'ulimit -f 400; exec "$0" "$@"'],
  })
  const ended = once(limited, 'exit')
  let output = ''
  limited.stdout?.on('data', (text: Buffer) => {
    output += text.toString()
  })
  assert.deepEqual(await ended, [1, null])
  assert.match(output, /"type":"error","code":"DISK_FULL"/)
  await rig.catchUp()
  await rig.assertSameAsSource()
})

eachServer('a signal does not pass a failure off as a clean stop', async (kind) => {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server)
  await server.sql(table + insert.repeat(20))
  await rig.catchUp()

  // The event in which this is told is taken, and the write that follows fails: the spool has a folder in the place of a file.
  await server.sql(`SET SESSION binlog_format = 'STATEMENT'; ${insert}`)
  const newest = (await readdir(rig.spoolDir))
    .filter((name) => /^\d{16}\.json$/.test(name))
    .toSorted()
    .at(-1)
  const inTheWay = path.join(rig.spoolDir, `${newest?.slice(0, 16)}.arrivals`)
  await mkdir(inTheWay)
  await assert.rejects(streamUntil(rig, /logs changes as statements \(first at/), { code: 'FAILED' })
  await rmdir(inTheWay)
  await rig.catchUp()
  await rig.assertSameAsSource()

  // A source that does not wait for acknowledgements is told of before anything is streamed, and here its log was reset.
  await server.sql(server.flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER')
  await assert.rejects(
    streamUntil(rig, /does not wait for acknowledgements/, { acknowledgeAfter: 'spool' }),
    {
      code: 'ARCHIVE_DIVERGED',
    },
  )
})

/** Streams, and gives the signal to stop in the very moment in which something is told. */
function streamUntil(
  rig: ArchiveRig,
  told: RegExp,
  options: Partial<StreamOptions> = {},
): Promise<StreamSummary> {
  const { stop, done } = rig.stream({
    ...options,
    emit: (event) => {
      if (event.type === 'notice' && told.test(event.message)) stop.abort()
    },
  })
  return done
}

const semiSyncSetUp = {
  mysql:
    "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; SET GLOBAL rpl_semi_sync_source_timeout = 60000; SET GLOBAL rpl_semi_sync_source_enabled = ON;",
  mariadb:
    'SET GLOBAL rpl_semi_sync_master_timeout = 60000; SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC; SET GLOBAL rpl_semi_sync_master_enabled = ON;',
}

eachServer(
  'with semi-sync a commit that a client saw is in the spool, even when the archiver dies',
  async (kind) => {
    await using server = await startServer(kind)
    await using rig = await archiveRig(server, { inDirectory: true })
    await server.sql(table + semiSyncSetUp[server.flavour])
    const archiver = startArchiver(server, rig, { acknowledgeAfter: 'spool' })
    const ended = once(archiver, 'exit')
    await eventually('a semi-synchronous replica is there', async () =>
      /\t1$/m.test((await server.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_clients'")).trim()),
    )
    await server.sql(insert.repeat(50))
    // Everything up to here was acknowledged: none of these commits may have fallen back to asynchronous.
    const status = await server.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_no_tx'")
    assert.match(status.trim(), /\t0$/)
    archiver.kill('SIGKILL')
    await ended
    await server.stop()
    // The source is gone for good: what counts is what lies in the spool and the repository.
    const inSpool = await bytesIn(rig.spoolDir)
    const archive = await Archive.open(rig.source)
    const archived = archive.segments.reduce((sum, { index }) => sum + index.end - index.start, 0)
    assert.ok(inSpool + archived >= 50 * 300, `${inSpool} bytes spooled, ${archived} archived`)
    await server.restart()
    await rig.catchUp()
    await rig.assertSameAsSource()
  },
)

test('a source that falls silent is given up and connected to again', async () => {
  await using server = await startServer('mariadb-11.8')
  await using rig = await archiveRig(server)
  await server.sql(table + insert)
  const { stop, done } = rig.stream({ heartbeatMs: 200 })
  await eventually('it streams', () => rig.events.some(({ type }) => type === 'progress'))
  server.freeze()
  await eventually('the silence is noticed', () =>
    rig.events.some((event) => event.type === 'notice' && /silent/.test(event.message)),
  )
  server.thaw()
  await server.sql(insert)
  await sleep(1500)
  stop.abort()
  await done
  await rig.catchUp()
  await rig.assertSameAsSource()
})

async function bytesIn(folder: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.includes('@'))
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
