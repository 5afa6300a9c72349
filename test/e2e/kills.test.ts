// kill -9 of Holdfast at any moment, and polite signals: what was committed stays whole, and the next run goes on.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addBulk, once, startFaultJob } from '../support/fault-job.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { shopFingerprint, takeOrders } from '../support/shop.ts'
import { someKind } from '../support/some-kind.ts'

const mariadb = someKind('mariadb')
const mysql = someKind('mysql')

/** Kills the process after `ms`; the run then ends with a signal unless it was done before. */
function killAfter(ms: number): (child: ChildProcess) => void {
  return (child) => {
    setTimeout(() => child.kill('SIGKILL'), ms).unref()
  }
}

test('a backup that is killed at any moment leaves the one before whole, and does not stand in the way', async () => {
  await using job = await startFaultJob(mariadb)
  await addBulk(job.source, 25)
  const startedMs = performance.now()
  await succeed(['backup', job.source.url(), ...job.writing])
  const wholeMs = performance.now() - startedMs
  let done = await job.listBackups()
  assert.equal(done.length, 2)
  for (const part of [0.3, 0.6, 0.8, 0.95]) {
    await job.source.sql('UPDATE shop.bulk SET data = RANDOM_BYTES(1000) WHERE id % 5 = 0')
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
    await using job = await startFaultJob(kind)
    const words = ['stream', job.source.url(), ...job.writing]
    const orders = (async () => {
      for (let round = 0; round < 9; round += 1) {
        await takeOrders(job.source, 40)
        if (round % 3 === 2) await job.source.sql('FLUSH BINARY LOGS')
        await sleep(150)
      }
    })()
    for (const ms of [300, 600, 900, 500]) {
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

test('a restore that is killed goes on where it was, tells so before, and lets no other in its place', async () => {
  await using job = await startFaultJob(mariadb)
  await addBulk(job.source, 20)
  await succeed(['backup', job.source.url(), ...job.writing])
  await takeOrders(job.source, 20)
  await succeed(['stream', job.source.url(), ...job.writing, '--until-caught-up'], { env: job.env })
  await using target = await startServer(mariadb)
  const words = ['restore', 'shop', '--target', target.url(), ...job.reading]
  // Slowly, so that it is not done before: the rows alone take two seconds then.
  const killed = await holdfast([...words, '--rate-limit', '10M'], {
    onOutput: (text, child) => {
      if (/load/i.test(text)) killAfter(300)(child)
    },
  })
  assert.equal(killed.signal, 'SIGKILL', killed.output)
  await job.assertIntact()
  assertRefused(await holdfast(words), 2, /holds shop: this needs --confirm shop/)
  const other = ['--schemas', 'shop', '--to', 'backup', '--on-existing', 'append', '--confirm', 'shop']
  assertRefused(
    await holdfast([...words, ...other]),
    2,
    /a part of another restore in shop: one of the same backup .* with other options/,
  )
  const planned = await succeed([...words, '--dry-run'])
  assert.match(
    planned.stdout,
    / 2\. Go on with the load that was begun at .* UTC and interrupted: the target has \d+ rows of \d+\./,
  )
  const done = await succeed([...words, '--confirm', 'shop'])
  assert.match(done.stdout, /an interrupted restore was continued/)
  assert.equal(await target.sql("SHOW DATABASES LIKE 'holdfast%'"), '')
  assert.equal(await shopFingerprint(target), await shopFingerprint(job.source))
})

test('Ctrl-C stops a backup and a stream cleanly, with 130, and SIGTERM with 143', async () => {
  await using job = await startFaultJob(mariadb)
  await addBulk(job.source, 25)
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
