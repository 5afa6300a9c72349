// What breaks around Holdfast: the server dies or purges its logs, another writer holds the lease, disks run full.
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addBulk, once, startFaultJob } from '../support/fault-job.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { smallDisk } from '../support/small-disk.ts'
import { someKind } from '../support/some-kind.ts'

const mariadb = someKind('mariadb')
const mysql = someKind('mysql')

/** A server keeps a log that somebody reads, and notices late that a reader has gone: it may be gone when it is killed. */
async function purgeAllButLast(server: TestServer): Promise<void> {
  for (;;) {
    const logs = (await server.sql('SHOW BINARY LOGS')).trim().split('\n')
    if (logs.length === 1) return
    const readers = await server.sql(
      "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'",
    )
    for (const id of readers.trim().split('\n').filter(Boolean))
      await server.sql(`KILL ${id}`).catch(() => undefined)
    await server.sql(`PURGE BINARY LOGS TO '${logs.at(-1)?.split('\t')[0]}'`)
    await sleep(50)
  }
}

eachServer('a server that dies during a backup ends it with 20, and the next backup works', async (kind) => {
  await using job = await startFaultJob(kind)
  await addBulk(job.source, 25)
  const before = await job.listBackups()
  const run = await holdfast(['backup', job.source.url(), ...job.writing], {
    onOutput: once(() => void setTimeout(() => void job.source.kill9(), 100)),
  })
  assertRefused(run, 20, /./)
  assert.deepEqual(await job.listBackups(), before)
  await job.assertIntact()
  await job.source.restart()
  await succeed(['backup', job.source.url(), ...job.writing])
})

eachServer('a source that another backup is writing to is locked, and says by whom', async (kind) => {
  await using job = await startFaultJob(kind)
  await addBulk(job.source, 25)
  let second: ReturnType<typeof holdfast> | undefined
  await succeed(['backup', job.source.url(), ...job.writing], {
    onOutput: once(() => {
      second = holdfast(['backup', job.source.url(), ...job.writing])
    }),
  })
  assert.ok(second !== undefined)
  assertRefused(await second, 11, /in use: backup by process \d+/)
  await job.assertIntact()
})

test('logs that the source purged before they were archived are a gap that is named, and a new backup mends it', async () => {
  for (const kind of new Set([mariadb, mysql])) {
    await using job = await startFaultJob(kind)
    const stream = ['stream', job.source.url(), ...job.writing, '--until-caught-up']
    await succeed(stream, { env: job.env })
    await takeOrders(job.source, 5)
    await job.source.sql('FLUSH BINARY LOGS')
    await takeOrders(job.source, 5)
    await purgeAllButLast(job.source)
    const run = await holdfast(stream, { env: job.env })
    assertRefused(run, 22, /no longer has/)
    assert.match(run.stderr, /holdfast backup.*--new-timeline/)
    await job.assertIntact()
    await succeed(['backup', job.source.url(), ...job.writing])
    await takeOrders(job.source, 5)
    await succeed([...stream, '--new-timeline'], { env: job.env })
    await takeOrders(job.source, 5)
    await succeed(stream, { env: job.env })
    await using target = await startServer(kind)
    await succeed(['restore', 'shop', '--target', target.url(), ...job.reading])
    assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
  }
})

test('a full disk stops a backup and a stream, and leaves what was committed', async () => {
  await using job = await startFaultJob(mariadb)
  await addBulk(job.source, 12)
  const before = await job.listBackups()
  // No file may pass 2 MiB: the kernel then fails the write as a full disk does. Works without root.
  const limited = { through: ['prlimit', `--fsize=${2 * 1024 * 1024}`], env: job.env }
  assertRefused(await holdfast(['backup', job.source.url(), ...job.writing], limited), 1, /no space left/)
  assert.deepEqual(await job.listBackups(), before)
  assertRefused(
    await holdfast(['stream', job.source.url(), ...job.writing, '--until-caught-up'], limited),
    1,
    /no space left/,
  )
  await job.assertIntact()
  await succeed(['backup', job.source.url(), ...job.writing])
  await succeed(['stream', job.source.url(), ...job.writing, '--until-caught-up'], { env: job.env })
  await job.assertIntact()
})

test('a repository on a file system that is full keeps its earlier backups', async () => {
  await using disk = await smallDisk(8)
  await using source = await startServer(mariadb)
  await createShop(source)
  const words = ['--repository', path.join(disk.path, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  await succeed(['backup', source.url(), ...words, '--name', 'shop'])
  await addBulk(source, 12)
  assertRefused(await holdfast(['backup', source.url(), ...words, '--name', 'shop']), 1, /no space left/)
  await succeed(['verify', ...words, '--read-data'])
  await source.sql('DROP TABLE shop.bulk')
  await succeed(['backup', source.url(), ...words, '--name', 'shop'])
})

test('a new host goes on with the archive when it is given the recovery key once, and a backup needs none', async () => {
  for (const kind of new Set([mariadb, mysql])) {
    await using job = await startFaultJob(kind)
    const stream = ['stream', job.source.url(), ...job.writing, '--until-caught-up']
    await succeed(stream, { env: job.env })
    await takeOrders(job.source, 5)
    const newHost = {
      HOME: path.join(job.folder, 'new-home'),
      HOLDFAST_SPOOL: path.join(job.folder, 'new-spool'),
    }
    await succeed(['backup', job.source.url(), ...job.writing], { env: newHost })
    const run = await holdfast(stream, { env: newHost })
    assertRefused(run, 12, /can only be read with the recovery key/)
    assert.match(run.stderr, /hint: .*--identity FILE/)
    const key = path.join(job.folder, 'recovery.key')
    await succeed([...stream, '--identity', key], { env: newHost })
    await takeOrders(job.source, 5)
    await succeed(stream, { env: newHost })
    const anotherHost = { ...newHost, HOLDFAST_SPOOL: path.join(job.folder, 'another-spool') }
    await succeed(stream, { env: { ...anotherHost, HOLDFAST_IDENTITY_FILE: key } })
    await using target = await startServer(kind)
    await succeed(['restore', 'shop', '--target', target.url(), ...job.reading])
    assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
  }
})

test('a segment that vanished behind the spool is a gap, and its hint leads out of it', async () => {
  await using job = await startFaultJob(mariadb)
  const stream = ['stream', job.source.url(), ...job.writing, '--until-caught-up']
  for (let round = 0; round < 3; round++) {
    await takeOrders(job.source, 5)
    await succeed(stream, { env: job.env })
  }
  const newest = (await readdir(path.join(job.folder, 'repository'), { recursive: true }))
    .filter((name) => /\/\d{16}$/.test(name))
    .toSorted()
    .at(-1)
  assert.ok(newest !== undefined)
  await rm(path.join(job.folder, 'repository', newest))
  const run = await holdfast(stream, { env: job.env })
  assertRefused(run, 22, /the spool goes on with segment/)
  const commands = [...run.stderr.matchAll(/\((holdfast (?:backup|stream) [^)]*)\)/g)].map(
    ([, command]) => command,
  )
  assert.equal(commands.length, 2, run.output)
  for (const command of commands) {
    const words = (command ?? '').split(' ').slice(1)
    const given = words.map((word) => (word === 'URL' ? job.source.url() : word))
    const more = words[0] === 'stream' ? ['--until-caught-up'] : []
    await succeed([...given, ...more, '--repository', path.join(job.folder, 'repository')], { env: job.env })
  }
  await takeOrders(job.source, 5)
  await succeed(stream, { env: job.env })
  await using target = await startServer(mariadb)
  await succeed(['restore', 'shop', '--target', target.url(), ...job.reading])
  assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
})
