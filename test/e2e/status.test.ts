// `holdfast status` and the metrics say how an archiver is, from its first word to its sudden end.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from '../support/archive-rig.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { commitTable, enableSemiSync } from '../support/semi-sync.ts'
import { startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('status tells of a source that no longer waits, and of an archiver that is gone, with status 32', async () => {
  await using folder = await temporaryDirectory()
  await using server = await startServer('mariadb-11.8')
  const repository = path.join(folder.path, 'repository')
  const metricsFile = path.join(folder.path, 'holdfast.prom')
  const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool'), HOLDFAST_REPOSITORY: repository }
  const status = () => holdfast(['status', 'shop'], { env })
  await succeed(['init', '--repository', repository, '--no-encryption'])
  await server.sql(commitTable)
  await succeed(['backup', server.url(), '--repository', repository, '--name', 'shop'])
  // Nothing ran here yet, and nothing is expected to.
  assert.equal((await status()).exit, 0)

  await enableSemiSync(server)
  let archiver: ChildProcess | undefined
  const running = holdfast(
    [
      'stream',
      server.url(),
      '--name',
      'shop',
      '--semi-sync',
      '--seal-seconds',
      '1',
      '--metrics-file',
      metricsFile,
    ],
    { env, onStart: (child) => (archiver = child) },
  )
  const metrics = () => readFile(metricsFile, 'utf8').catch(() => '')
  await eventually(
    'a semi-synchronous replica is there',
    async () => (await server.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_clients'")).trim().endsWith('\t1'),
    60,
  )
  await server.sql("INSERT INTO d.c VALUES ('<1-1>')")
  await eventually(
    'the metrics tell',
    async () =>
      /_source_waits\{.*\} 1\n[^]*_fallbacks_total\{instance_name="shop"\} 0\n/.test(await metrics()),
    60,
  )
  await eventually('a segment is there', async () => /_segments_total\{.*\} [1-9]/.test(await metrics()), 60)
  const well = await status()
  assert.equal(well.exit, 0, well.output)
  assert.match(well.stdout, /^shop +.* ago +.* ago +.* ago +runs +.* of 4\.0 GiB +waits +.* m?s \/ .* m?s$/m)
  assert.match(
    well.stdout,
    /^shop: from backup \S+ on every commit up to .* is archived, as the numbers of the segments tell\.$/m,
  )

  await rename(repository, `${repository}.away`)
  await server.sql("INSERT INTO d.c VALUES ('<1-2>')")
  const roomTold =
    /^WRONG: shop: the repository is away for the archiver since \S+; at the rate since then its spool is full in .*\.$/m
  await eventually(
    'the archiver says that it is away',
    async () => roomTold.test((await status()).stdout),
    60,
  )
  const away = await status()
  assert.equal(away.exit, 10, away.output)
  assert.match(away.stdout, /^shop +- +- +- +runs +[1-9].* of 4\.0 GiB +waits /m)
  assert.match(away.stdout, /^WRONG: the repository cannot be reached, .*: there is no repository in /m)
  const other = await holdfast(['status', '--repository', folder.path], { env })
  assert.equal(other.exit, 10, other.output)
  assert.equal(other.stdout, '', 'the archiver of another repository')
  await rename(`${repository}.away`, repository)
  await eventually('it is back', async () => (await status()).exit === 0, 60)

  await server.sql('SET GLOBAL rpl_semi_sync_master_enabled = OFF')
  await eventually(
    'the fall-back is counted',
    async () => /_fallbacks_total\{instance_name="shop"\} 1\n/.test(await metrics()),
    60,
  )
  const alone = await holdfast(['status', '--json'], { env })
  assert.equal(alone.exit, 32, alone.output)
  const [{ problems, archiver: told }] = JSON.parse(alone.stdout).sources
  assert.deepEqual(problems, [
    'semi-synchronous replication is not enabled on the source: commits can be lost with it',
  ])
  assert.equal(told.isRunning, true)

  archiver?.kill('SIGKILL')
  await running
  const gone = await status()
  assert.equal(gone.exit, 32, gone.output)
  assert.match(gone.stdout, / NOT RUNNING /)
  assert.match(gone.stdout, /^WRONG: shop: the archiver is not running: it died after /m)

  await succeed(
    [
      'stream',
      server.url(),
      '--name',
      'shop',
      '--repository',
      repository,
      '--until-caught-up',
      '--metrics-file',
      metricsFile,
    ],
    { env },
  )
  assert.match(await metrics(), /^holdfast_archiver_up\{instance_name="shop"\} 0$/m)
  const caughtUp = await status()
  assert.equal(caughtUp.exit, 0, caughtUp.output)
})
