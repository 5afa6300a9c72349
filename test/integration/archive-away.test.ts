// The archiver goes on while its repository is away, and holds the source back where its spool has no more room.
import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../../src/wire/connection.ts'
import { type ArchiveRig, archiveRig, eventually } from '../support/archive-rig.ts'
import { commitTable, enableSemiSync } from '../support/semi-sync.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { smallDisk } from '../support/small-disk.ts'

const small = { sealBytes: 10_000, cutBytes: 20_000 }

test('commits are acknowledged while the repository is away and the spool has room, and held then', async () => {
  await using server = await startServer('mariadb-11.8')
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(`${commitTable} ALTER TABLE d.c MODIFY token TEXT, DROP PRIMARY KEY`)
  await rig.catchUp()
  await enableSemiSync(server)
  const { stop, done } = rig.stream({ ...small, acknowledgeAfter: 'spool', spoolBytes: 100_000 })
  await commit(server, 1)
  const back = await takeAway(rig)
  // 60 kB: three segments that cannot be put.
  await commit(server, 60)
  await told(
    rig,
    /the repository is away \(there is no repository in .* any more\): what comes is kept in the spool, which has room for/,
  )
  // The source is connected to again without asking the repository.
  await server.sql(
    "SELECT CONCAT('KILL ', id) INTO @kill FROM information_schema.processlist WHERE command = 'Binlog Dump'; EXECUTE IMMEDIATE @kill",
  )
  await told(rig, /connection lost, trying again/)
  await commit(server, 5)

  let isDone = false
  const rest = commit(server, 100).then(() => (isDone = true))
  await told(
    rig,
    /the spool is full \(.* wait for the repository\): nothing more is taken from the source, or acknowledged/,
  )
  await sleep(500)
  assert.equal(isDone, false)
  assert.equal(
    rig.events.filter((event) => event.type === 'notice' && /the repository is away/.test(event.message))
      .length,
    1,
  )
  await back()
  await rest
  await told(rig, /the spool has room again/)
  await told(rig, /the repository is there again after/)
  stop.abort()
  await done
  await rig.assertSameAsSource()

  // Stopped while it is away: no clean stop, and the next run puts what waits.
  const other = rig.stream({ ...small, acknowledgeAfter: 'spool' })
  await commit(server, 1)
  const backAgain = await takeAway(rig)
  await commit(server, 30)
  other.stop.abort()
  await assert.rejects(other.done, { code: 'REPOSITORY_MISSING', hint: /waits in the spool/ })
  await backAgain()
  await rig.catchUp()
  await rig.assertSameAsSource()

  await using disk = await smallDisk(64)
  const spoolDir = path.join(disk.path, 'spool')
  const onDisk = rig.stream({ ...small, acknowledgeAfter: 'spool', spoolDir })
  await commit(server, 1)
  const ballast = path.join(disk.path, 'ballast')
  await writeFile(ballast, Buffer.alloc(62 * 1024 * 1024))
  await told(rig, /the disk of the spool .* is full: nothing more is taken/)
  let isCommitted = false
  const held = commit(server, 20).then(() => (isCommitted = true))
  await sleep(500)
  assert.equal(isCommitted, false)
  await rm(ballast)
  await held
  onDisk.stop.abort()
  await onDisk.done
  await rig.assertSameAsSource()
})

/** `count` transactions of 1 kB each, one after the other. */
async function commit(server: TestServer, count: number): Promise<void> {
  await using connection = await Connection.open(server.settings())
  for (let i = 0; i < count; i++) await connection.run("INSERT INTO d.c VALUES (REPEAT('x', 1000))")
}

async function told(rig: ArchiveRig, message: RegExp): Promise<void> {
  await eventually(
    `${message} is told`,
    () => rig.events.some((event) => event.type === 'notice' && message.test(event.message)),
    60,
  )
}

/** As a mount that is gone: its folder is there, and empty. Answers what brings it back. */
async function takeAway(rig: ArchiveRig): Promise<() => Promise<void>> {
  const place = path.join(rig.folder, 'repository')
  await rename(place, `${place}.away`)
  await mkdir(place)
  return async () => {
    assert.deepEqual(await readdir(place), [])
    await rmdir(place)
    await rename(`${place}.away`, place)
  }
}
