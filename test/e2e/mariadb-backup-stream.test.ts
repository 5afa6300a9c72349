// Streams that mariadb-backup made by itself, taken from files and pipes: whole ones come back, all others are refused by what they are.
import assert from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, type HoldfastRun, holdfast, type RunOptions, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { wholeFile } from '../support/xbstream.ts'

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`a stream that was made elsewhere comes back, with everything after it (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    const place = (name: string): string => path.join(folder.path, name)
    const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
    const env = {
      HOLDFAST_REPOSITORY: place('repository'),
      HOLDFAST_SPOOL: place('spool'),
      HOLDFAST_MARIADBD: source.programs.server,
      HOLDFAST_MARIADB_BACKUP: program,
    }
    const taken = async (from: string, options: RunOptions = {}): Promise<BackupSummary> =>
      lastBackup(await holdfast([...take(from), '--json'], { env, ...options }))
    await succeed(['init', '--no-encryption'], { env })
    await stream(program, source, place('whole'))

    await context.test('from a file', async () => {
      const backup = await taken(place('whole'))
      assert.equal(backup.method, 'mariadb-backup')
      assert.equal(backup.point.gtid?.text, (await source.sql('SELECT @@gtid_binlog_pos')).trim())
      assert.equal(backup.origin.serverId, 0, 'which server it is nobody said')
      const minutes = Math.abs(Date.now() - backup.point.timeMicros / 1000) / 60_000
      assert.ok(minutes < 5, `${backup.point.timeMicros}`)
    })

    await takeOrders(source, 20)
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

    await context.test('files and binary logs together are the server as it is now', async () => {
      await succeed(['restore', 'shop', '--datadir', place('restored')], { env })
      await using restored = await startServer(kind, { dataDir: place('restored') })
      assert.deepEqual(await differencesBetween(source, restored), [])
    })

    await context.test('from a pipe, of the same server, whose unchanged pages are known', async () => {
      const through = ['/bin/sh', '-c', 'cat "$0" | exec "$@"', place('whole')]
      const { sizes } = await taken('-', { through })
      assert.ok(sizes.newBytes < sizes.plainBytes / 50, JSON.stringify(sizes))
    })

    await context.test('what is no whole stream is refused, and nothing of it is kept', async () => {
      const before = (await holdfast(['list', 'shop', '--json'], { env })).stdout
      await writeFile(place('cut'), await readFile(place('whole')))
      await truncate(place('cut'), 3_000_000)
      await writeFile(place('text'), 'CREATE TABLE t (i INT);\n')
      await stream(program, source, place('packed'), ['--compress'])
      const lsn = (await source.sql("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_flushed'")).trim().split('\t')[1]
      await stream(program, source, place('increment'), [`--incremental-lsn=${lsn}`])
      await stream(program, source, place('part'), ['--databases=shop'])
      await writeFile(place('other'), otherServer())
      const refused: readonly (readonly [string, number, RegExp])[] = [
        ['cut', 1, /cut is no whole stream of mariadb-backup or xtrabackup: .*the end of the stream/],
        ['text', 1, /text is no whole stream of mariadb-backup/],
        ['packed', 1, /\.qp in the backup stream is compressed or encrypted/],
        ['increment', 1, /type incremental, and only full ones are taken/],
        ['missing', 2, /missing cannot be read: ENOENT/],
        ['other', 2, /'shop' in \S+ is .*MariaDB server.*, and this is .*MySQL server/],
      ]
      for (const [name, exit, sentence] of refused)
        assertRefused(await holdfast(take(place(name)), { env }), exit, sentence)
      assert.equal((await holdfast(['list', 'shop', '--json'], { env })).stdout, before)
      const part = await taken(place('part'))
      assert.equal(part.isPartial, true)
    })

    await context.test(
      'a pipe that stays open holds nobody up: not when it is refused, nor when the work is called off',
      async () => {
        const refused = await holdfast(take('-'), {
          env,
          through: throughOpenPipe(place('text')),
          timeoutMs: 20_000,
        })
        assertRefused(refused, 1, /stdin is no whole stream of mariadb-backup/)
        const stopped = await holdfast(take('-'), {
          env,
          through: throughOpenPipe(place('cut')),
          timeoutMs: 20_000,
          onOutput: (text, child) => {
            if (text.includes('reading the stream')) setTimeout(() => child.kill('SIGINT'), 500)
          },
        })
        assert.equal(stopped.exit, 130, stopped.output)
      },
    )

    await context.test('options that do not go together are told', async () => {
      const url = source.url()
      assertRefused(await holdfast([...take('-'), url], { env }), 2, /--from .* goes without a URL/)
      const unnamed = ['backup', '--method', 'mariadb-backup', '--from', '-']
      assertRefused(await holdfast(unnamed, { env }), 2, /--name is missing/)
      const dump = ['backup', url, '--from', '-']
      assertRefused(await holdfast(dump, { env }), 2, /--from goes with --method mariadb-backup/)
    })
  })
}

/** What the file has comes through a pipe that nobody closes for a minute. */
function throughOpenPipe(file: string): readonly string[] {
  const script = 'mkfifo "$0.pipe"; { cat "$0"; sleep 60; } > "$0.pipe" 2>/dev/null & exec "$@" < "$0.pipe"'
  return ['/bin/sh', '-c', script, file]
}

function take(from: string): string[] {
  return ['backup', '--method', 'mariadb-backup', '--name', 'shop', '--from', from]
}

async function stream(
  program: string,
  server: TestServer,
  file: string,
  options: readonly string[] = [],
): Promise<void> {
  const words = ['--no-defaults', '--backup', '--stream=mbstream', '--user=root']
  words.push(`--socket=${server.socketPath}`, `--target-dir=${path.dirname(file)}`, ...options)
  await runProgram('/bin/sh', ['-c', 'out=$0; exec "$@" > "$out"', file, program, ...words])
}

/** Of another server than the one that this name is of: its notes say so. */
function otherServer(): Buffer {
  return Buffer.concat([
    wholeFile('xtrabackup_checkpoints', 'backup_type = full-backuped\n'),
    wholeFile('xtrabackup_info', 'tool_name = xtrabackup\nserver_version = 8.4.2\npartial = N\n'),
  ])
}

function lastBackup({ stdout }: HoldfastRun): BackupSummary {
  assert.match(stdout, /"backup"/, stdout)
  const { backup }: { backup: BackupSummary } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  return backup
}
