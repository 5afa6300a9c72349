import assert from 'node:assert/strict'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { Archive } from '../../src/archive/archive.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import { type ArchiveRig, archiveRig, eventually, puttingBy, startArchiver } from '../support/archive-rig.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'

const table = 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT);'
const insert = "INSERT INTO d.t (v) VALUES ('x');"
/** More than the buffers of a socket hold: the source cannot tell a stopped replica that it was replaced. */
const muchMore = "INSERT INTO d.t (v) VALUES (REPEAT('x', 1000000));".repeat(30)

async function archived(rig: ArchiveRig): Promise<number> {
  const history = (await Archive.open(rig.source)).history()
  return history.reduce((sum, { transactionCount }) => sum + transactionCount, 0)
}

for (const kind of new Set([someKind('mysql'), someKind('mariadb')])) {
  test(`an archiver that was held up ends when it comes back, and its successor goes on (${kind})`, async () => {
    // The source lets go of who does not read within these seconds.
    await using server = await startServer(kind, { args: ['--net-write-timeout=2'] })
    await using rig = await archiveRig(server, { inDirectory: true })
    await server.sql(table + insert)
    const heldUp = startArchiver(server, rig, { sealBytes: 100_000 })
    await using clearUp = new AsyncDisposableStack()
    clearUp.defer(() => void heldUp.kill('SIGKILL'))
    const ended = once(heldUp, 'exit')
    let said = ''
    heldUp.stdout?.on('data', (text: Buffer) => {
      said += text.toString()
    })
    await eventually('it archives', async () => (await archived(rig)) === 3)
    heldUp.kill('SIGSTOP')
    await server.sql(muchMore)
    const successor = rig.stream({ spoolDir: path.join(rig.folder, 'other'), sealAfterMs: 200 })
    clearUp.defer(() => successor.stop.abort())
    await eventually('the successor archives', async () => (await archived(rig)) === 33, 30)
    const dumps = "SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
    await eventually('the source has one replica', async () => (await server.sql(dumps)).trim() === '1', 60)
    heldUp.kill('SIGCONT')
    assert.deepEqual(await ended, [1, null], said)
    assert.match(
      said,
      /"code":"REPOSITORY_LOCKED","message":".*another archiver of this source has taken over in .*: process \d+ on /,
    )
    await server.sql(insert)
    await eventually('the successor goes on', async () => (await archived(rig)) === 34)
    successor.stop.abort()
    assert.equal((await successor.done).stopped, 'signal')
    await rig.catchUp()
    await rig.assertSameAsSource()
  })
}

test('an archiver that was replaced puts nothing any more, although its number is free', async () => {
  await using server = await startServer(someKind())
  await using rig = await archiveRig(server)
  await server.sql(table + insert)
  await rig.catchUp()
  await server.sql(insert)
  const before = await archived(rig)
  const first = await rig.openWith([])
  const late = puttingBy(first, async (...segment) => {
    await rig.source.claimArchive()
    await new Promise((resolve) => {
      setTimeout(resolve, 1100)
    })
    return first.putSegment(...segment)
  })
  await assert.rejects(rig.catchUp({ source: late }), { code: 'REPOSITORY_LOCKED' })
  assert.equal(await archived(rig), before)
  await rig.catchUp()
  assert.equal(await archived(rig), before + 1)
})

test('of two archivers that begin at once, the one that stored nothing joins the other', async () => {
  await using server = await startServer(someKind())
  await server.sql(table + insert)
  // Which of two random names is the greater one must not matter.
  for (let round = 0; round < 5; round++) {
    await using rig = await archiveRig(server)
    const away = puttingBy(rig.source, async () => {
      throw new HoldfastError('STORE_UNUSABLE', 'the repository is away')
    })
    await assert.rejects(rig.catchUp({ source: away }), { code: 'STORE_UNUSABLE' })
    const { timeline } = await rig.catchUp({ spoolDir: path.join(rig.folder, 'other') })
    assert.equal((await rig.catchUp()).timeline, timeline)
    assert.deepEqual((await Archive.open(rig.source)).timelines(), [timeline])
  }
})
