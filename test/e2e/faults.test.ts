// kill -9 at any moment, of Holdfast and of the server, and disks that are full: what was committed before stays whole.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { type ServerKind, startServer, type TestServer } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

// One of each family: what is tested here lies above the flavours.
const mariadb = someKind('mariadb')
const mysql = someKind('mysql')

interface Job extends AsyncDisposable {
  readonly folder: string
  readonly source: TestServer
  /** Options of every command: repository, and the name of the instance where it is not an argument. */
  readonly writing: readonly string[]
  readonly reading: readonly string[]
  readonly env: Readonly<Record<string, string>>
  listBackups(): Promise<readonly string[]>
  assertIntact(): Promise<void>
}

/** A server with the shop, a repository and one backup of it. */
async function startJob(kind: ServerKind): Promise<Job> {
  const folder = await temporaryDirectory()
  const source = await startServer(kind)
  await createShop(source)
  const repository = path.join(folder.path, 'repository')
  const key = path.join(folder.path, 'recovery.key')
  await succeed(['init', '--repository', repository, '--identity-out', key])
  const writing = ['--repository', repository, '--name', 'shop']
  const reading = ['--repository', repository, '--identity', key]
  await succeed(['backup', source.url(), ...writing])
  return {
    folder: folder.path,
    source,
    writing,
    reading,
    env: { HOLDFAST_SPOOL: path.join(folder.path, 'spool') },
    async listBackups() {
      const run = await succeed(['list', 'shop', ...reading, '--json'])
      const { sources }: { sources: { backups: { id: string }[] }[] } = JSON.parse(run.stdout)
      return (sources[0]?.backups ?? []).map(({ id }) => id)
    },
    async assertIntact() {
      const run = await succeed(['verify', 'shop', ...reading, '--read-data', '--json'])
      assert.match(run.stdout, /"isIntact":true/)
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Rows that do not compress: about `megabytes` of them, so that work on them takes a while. */
async function addBulk(server: TestServer, megabytes: number): Promise<void> {
  await server.sql(`
CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, data BLOB NOT NULL) ENGINE=InnoDB;
INSERT INTO shop.bulk (data) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT RANDOM_BYTES(1000) FROM n;
${'INSERT INTO shop.bulk (data) SELECT RANDOM_BYTES(1000) FROM shop.bulk LIMIT 1000;\n'.repeat(megabytes - 1)}`)
}

/** A server keeps a log that somebody reads, and notices late that a replica has gone: so this asks until it is done. */
async function purgeAllButLast(server: TestServer): Promise<void> {
  for (;;) {
    const logs = (await server.sql('SHOW BINARY LOGS')).trim().split('\n')
    if (logs.length === 1) return
    await server.sql(`PURGE BINARY LOGS TO '${logs.at(-1)?.split('\t')[0]}'`)
    await sleep(50)
  }
}

/** Kills the process after `ms`; the run then ends with a signal unless it was done before. */
function killAfter(ms: number): (child: ChildProcess) => void {
  return (child) => {
    setTimeout(() => child.kill('SIGKILL'), ms).unref()
  }
}

test('a backup that is killed at any moment leaves the one before whole, and does not stand in the way', async () => {
  await using job = await startJob(mariadb)
  await addBulk(job.source, 40)
  const startedMs = performance.now()
  await succeed(['backup', job.source.url(), ...job.writing])
  const wholeMs = performance.now() - startedMs
  let done = await job.listBackups()
  assert.equal(done.length, 2)
  for (const part of [0.15, 0.35, 0.55, 0.75, 0.9, 0.97]) {
    await job.source.sql('UPDATE shop.bulk SET data = RANDOM_BYTES(1000) WHERE id % 3 = 0')
    const run = await holdfast(['backup', job.source.url(), ...job.writing], {
      onStart: killAfter(wholeMs * part),
    })
    const now = await job.listBackups()
    assert.deepEqual(now.slice(0, done.length), done)
    assert.ok(run.signal === 'SIGKILL' || run.exit === 0, run.output)
    // Killed after its commit a backup is there; before it, it is not.
    if (run.exit === 0) assert.equal(now.length, done.length + 1)
    done = now
  }
  await job.assertIntact()
  await succeed(['backup', job.source.url(), ...job.writing])
  assert.equal((await job.listBackups()).length, done.length + 1)
  await job.assertIntact()
})

for (const kind of new Set([mariadb, mysql])) {
  test(`a stream that is killed again and again misses nothing and repeats nothing (${kind})`, async () => {
    await using job = await startJob(kind)
    const words = ['stream', job.source.url(), ...job.writing]
    const orders = (async () => {
      for (let round = 0; round < 12; round += 1) {
        await takeOrders(job.source, 40)
        if (round % 4 === 3) await job.source.sql('FLUSH BINARY LOGS')
        await sleep(150)
      }
    })()
    for (const ms of [250, 400, 600, 350, 800, 500]) {
      const run = await holdfast([...words, '--seal-seconds', '1'], { env: job.env, onStart: killAfter(ms) })
      assert.equal(run.signal, 'SIGKILL', run.output)
    }
    await orders
    await job.source.sql('FLUSH BINARY LOGS')
    await succeed([...words, '--until-caught-up'], { env: job.env })
    await job.assertIntact()

    const list = await succeed(['binlog', 'list', 'shop', ...job.reading, '--json'])
    const { files }: { files: { file: string; isComplete: boolean }[] } = JSON.parse(list.stdout)
    const complete = files.filter((each) => each.isComplete)
    assert.ok(complete.length >= 4, list.output)
    for (const { file } of complete) {
      const output = path.join(job.folder, `exported-${file}`)
      await succeed(['binlog', 'export', 'shop', '--file', file, '--output', output, ...job.reading])
      const original = await readFile(path.join(job.source.dataDir, file))
      assert.ok((await readFile(output)).equals(original), `${file} is not what the source has`)
    }
    await using target = await startServer(kind)
    await succeed(['restore', 'shop', '--target', target.url(), ...job.reading])
    assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
  })
}

test('a restore that is killed is refused on the half-filled target, and done on an empty one', async () => {
  await using job = await startJob(mariadb)
  await addBulk(job.source, 30)
  await succeed(['backup', job.source.url(), ...job.writing])
  await takeOrders(job.source, 20)
  await succeed(['stream', job.source.url(), ...job.writing, '--until-caught-up'], { env: job.env })
  await using target = await startServer(mariadb)
  const words = ['restore', 'shop', '--target', target.url(), ...job.reading]
  const killed = await holdfast(words, {
    onOutput: (text, child) => {
      if (/load/i.test(text)) killAfter(300)(child)
    },
  })
  assert.equal(killed.signal, 'SIGKILL', killed.output)
  await job.assertIntact()
  assertRefused(await holdfast([...words, '--confirm', 'shop']), 2, /shop/)
  await target.sql("SET foreign_key_checks = 0; DROP DATABASE shop; DROP USER IF EXISTS 'clerk'@'%'")
  await succeed(words)
  assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
})

test('Ctrl-C stops a backup and a stream cleanly, with 130, and SIGTERM with 143', async () => {
  await using job = await startJob(mariadb)
  await addBulk(job.source, 40)
  const before = await job.listBackups()
  const backup = await holdfast(['backup', job.source.url(), ...job.writing], {
    onOutput: once((child) => child.kill('SIGINT')),
  })
  assert.equal(backup.exit, 130, backup.output)
  assert.deepEqual(await job.listBackups(), before)
  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const stream = await holdfast(['stream', job.source.url(), ...job.writing], {
      env: job.env,
      onOutput: once((child) => setTimeout(() => child.kill(signal), 500)),
    })
    assert.equal(stream.exit, exit, stream.output)
  }
  await job.assertIntact()
  await succeed(['stream', job.source.url(), ...job.writing, '--until-caught-up'], { env: job.env })
})

test('a server that dies during a backup ends it with 20, and the next backup works', async () => {
  await using job = await startJob(mariadb)
  await addBulk(job.source, 40)
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

test('a source that another backup is writing to is locked, and says by whom', async () => {
  await using job = await startJob(mariadb)
  await addBulk(job.source, 40)
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
    await using job = await startJob(kind)
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
  await using job = await startJob(mariadb)
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

// Only root may mount; the limit above is the same error for everybody else.
if (process.getuid?.() === 0) {
  test('a repository on a file system that is full keeps its earlier backups', async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(mariadb)
    await createShop(source)
    const mount = path.join(folder.path, 'small')
    await mkdir(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount])
    try {
      const words = ['--repository', path.join(mount, 'repository')]
      await succeed(['init', ...words, '--no-encryption'])
      await succeed(['backup', source.url(), ...words, '--name', 'shop'])
      await addBulk(source, 12)
      assertRefused(await holdfast(['backup', source.url(), ...words, '--name', 'shop']), 1, /no space left/)
      await succeed(['verify', ...words, '--read-data'])
      await source.sql('DROP TABLE shop.bulk')
      await succeed(['backup', source.url(), ...words, '--name', 'shop'])
    } finally {
      execFileSync('umount', [mount])
    }
  })
}

/** Acts at the first output only. */
function once(act: (child: ChildProcess) => unknown): (text: string, child: ChildProcess) => void {
  let isDone = false
  return (_, child) => {
    if (isDone) return
    isDone = true
    act(child)
  }
}
