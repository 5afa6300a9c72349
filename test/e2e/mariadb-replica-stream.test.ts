// Streams of a MariaDB that has replicated another: its notes have GTIDs that its own binary log may never have.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../../scripts/servers/run-program.ts'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const kinds = testedKinds.filter((name) => name.startsWith('mariadb'))
const cases = kinds.flatMap((kind) => (['ON', 'OFF'] as const).map((logged) => ({ kind, logged })))

for (const { kind, logged } of cases) {
  test(`what a former replica writes is replayed behind a stream of it (log_slave_updates = ${logged}, ${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, {
      args: ['--server-id=1'],
      sql: 'CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)',
      users: [{ user: 'repl', password: 'Repl-1', grants: ['REPLICATION SLAVE ON *.*'] }],
    })
    await using replica = await startServer(kind, {
      args: ['--server-id=2', '--gtid-domain-id=7', `--log-slave-updates=${logged}`, '--relay-log=relay'],
    })
    await replica.sql(
      'CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY); INSERT INTO own.t VALUES (1)',
    )
    await replica.sql(
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${source.port}, MASTER_USER = 'repl', MASTER_PASSWORD = 'Repl-1',
       MASTER_SSL = 0, MASTER_USE_GTID = slave_pos; START SLAVE`,
    )
    await source.sql('INSERT INTO shop.t VALUES (1), (2), (3)')
    await untilReplicated(source, replica)
    const place = (name: string): string => path.join(folder.path, name)
    const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
    const env = {
      HOLDFAST_REPOSITORY: place('repository'),
      HOLDFAST_SPOOL: place('spool'),
      HOLDFAST_MARIADBD: source.programs.server,
      HOLDFAST_MARIADB_BACKUP: program,
    }
    await succeed(['init', '--no-encryption'], { env })
    await replica.sql('STOP SLAVE; RESET SLAVE ALL')
    await succeed(['stream', replica.url(), '--name', 'replica', '--until-caught-up'], { env })
    await writeStream(program, replica, place('stream'))

    await context.test('where its history goes on is its position alone, and that is told', async () => {
      const run = await holdfast([...take, place('stream'), '--json'], { env })
      assert.equal(run.exit, 3, run.output)
      assert.match(
        run.output,
        /GTIDs that the stream notes \((?=.*0-1-)(?=.*7-2-)\S+\) are of other servers too/,
      )
      const { backup }: { backup: BackupSummary } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
      assert.equal(backup.point.gtid, undefined)
      assert.ok(backup.point.position !== undefined)
    })

    await replica.sql('INSERT INTO own.t VALUES (2); CREATE TABLE own.later SELECT 1 AS id')
    await succeed(['stream', replica.url(), '--name', 'replica', '--until-caught-up'], { env })

    await context.test('what it wrote later comes back, once each', async () => {
      await succeed(['restore', 'replica', '--datadir', place('restored')], { env })
      await using restored = await startServer(kind, { dataDir: place('restored') })
      assert.deepEqual(await differencesBetween(replica, restored), [])
    })

    await context.test('a stream of another server is refused under its name', async () => {
      await writeStream(program, source, place('other'))
      assertRefused(
        await holdfast([...take, place('other')], { env }),
        2,
        /none of the GTIDs that the stream notes \(0-1-\d+\) is of server 2, which this name is of/,
      )
    })
  })
}

const take = ['backup', '--method', 'mariadb-backup', '--name', 'replica', '--from']

async function untilReplicated(source: TestServer, replica: TestServer): Promise<void> {
  const wanted = await source.sql('SELECT COUNT(*) FROM shop.t')
  for (;;) {
    const found = await replica.sql(
      'SELECT table_rows FROM information_schema.tables WHERE table_schema = "shop"',
    )
    if (found !== '' && (await replica.sql('SELECT COUNT(*) FROM shop.t')) === wanted) return
    const status = await replica.sql('SHOW SLAVE STATUS')
    assert.doesNotMatch(status, /\tNo\t/, status)
    await sleep(50)
  }
}

async function writeStream(program: string, server: TestServer, file: string): Promise<void> {
  const words = ['--no-defaults', '--backup', '--stream=mbstream', '--user=root']
  words.push(`--socket=${server.socketPath}`, `--target-dir=${path.dirname(file)}`)
  await runProgram('/bin/sh', ['-c', 'out=$0; exec "$@" > "$out"', file, program, ...words])
}
