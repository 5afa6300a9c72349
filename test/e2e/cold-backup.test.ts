// The files of a stopped server by the command line alone: taken whole, refused when they cannot be sound, brought back to any moment.
import assert from 'node:assert/strict'
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { assertComesBack, environmentOf } from '../support/comes-back.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { assertSameFiles } from '../support/same-files.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Tables of engines that keep rows in files of their own, and pages of other sizes. */
const otherTables = `
  CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=MyISAM;
  INSERT INTO shop.notes VALUES (1, 'kept'), (2, 'in a file of its own');
  CREATE TABLE shop.sheet (id INT NOT NULL, cell VARCHAR(20) NOT NULL) ENGINE=CSV;
  INSERT INTO shop.sheet VALUES (1, 'a');
  CREATE TABLE shop.packed (id INT PRIMARY KEY, text TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4;
  INSERT INTO shop.packed SELECT id, REPEAT('holdfast ', 300) FROM shop.orders LIMIT 50;
  CREATE TABLE shop.parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
  INSERT INTO shop.parts SELECT id FROM shop.orders LIMIT 50;`

for (const kind of testedKinds) {
  test(`a stopped server comes back from its files, and with everything after them (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql(otherTables)
    const env = environmentOf(source, folder.path)
    const cold = ['backup', '--method', 'cold', '--name', 'shop', '--datadir']
    await succeed(['init', '--no-encryption'], { env })

    await context.test('a running server is refused by its process', async () => {
      const run = await holdfast([...cold, source.dataDir], { env })
      assertRefused(run, 1, new RegExp(`a server runs on ${source.dataDir}: process ${source.pid} holds`))
    })

    const atBackup = await shopFingerprint(source)
    await source.stop()
    const copy = path.join(folder.path, 'copy')
    await runProgram('cp', ['-a', '--sparse=always', source.dataDir, copy])
    await context.test('a backup reads every file once and tells what comes next', async () => {
      const run = await succeed([...cold, source.dataDir], { env })
      assert.match(run.stdout, /^Backup \S+-physical-\S+ done in .+ read, .+ new\./)
      assert.match(run.stdout, /holdfast stream/)
    })

    await context.test('a second one stores next to nothing', async () => {
      const run = await succeed([...cold, source.dataDir, '--json'], { env })
      const { backup }: { backup: BackupSummary } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
      const { sizes } = backup
      assert.ok(sizes.plainBytes > 2 ** 20, run.stdout)
      assert.ok(sizes.newBytes < sizes.plainBytes / 20, run.stdout)
    })

    await source.restart()
    await takeOrders(source, 25)
    await source.sql('CREATE USER later@localhost; CREATE TABLE shop.later AS SELECT * FROM shop.parts')
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

    await context.test(
      'a server recovers the backup in a directory of its own, and finds every table sound',
      async () => {
        const run = await succeed(['verify', 'shop', '--recover', '--scratch', folder.path], { env })
        assert.match(
          run.stdout,
          /^Backup \S+ of shop comes back: a server recovered it to .+; \d+ tables checked/,
        )
        const left = (await readdir(folder.path)).filter((name) => name.startsWith('holdfast-recover'))
        assert.deepEqual(left, [], 'the directory is gone')
        const shown = await succeed(['show', 'shop'], { env })
        assert.match(shown.stdout, /^recovered: +\d{4}-.+, by [\d.]+.*: \d+ tables checked, all sound$/m)
        const listed = await succeed(['list', 'shop'], { env })
        assert.match(listed.stdout, /RECOVERED\n.+ all\n.+ all +\d{4}-\d\d-\d\d/)
      },
    )

    await context.test('files and binary logs together are the server as it is now', async () => {
      const options = await optionsOfProduction(folder.path)
      await assertComesBack(source, env, path.join(folder.path, 'latest'), ['--server-options', options])
      const production = path.join(folder.path, 'production')
      assert.deepEqual(await readdir(production), ['logs.index'], 'what lies elsewhere is left alone')
      assert.equal(await readFile(path.join(production, 'logs.index'), 'utf8'), '')
    })

    await context.test('the files as they were taken are what a server starts on by itself', async () => {
      const directory = path.join(folder.path, 'raw')
      await succeed(['restore', 'shop', '--datadir', directory, '--raw'], { env })
      await assertSameFiles(copy, directory)
      await using restored = await startServer(kind, { dataDir: directory })
      assert.deepEqual(withoutCounters(await shopFingerprint(restored)), withoutCounters(atBackup))
    })

    await context.test('a directory with anything in it is refused, and stays as it was', async () => {
      const before = await readdir(path.join(folder.path, 'latest'))
      const run = await holdfast(['restore', 'shop', '--datadir', path.join(folder.path, 'latest')], { env })
      assertRefused(run, 2, /is not empty/)
      assert.deepEqual(await readdir(path.join(folder.path, 'latest')), before)
    })

    await context.test('a page with a wrong checksum is named, and nothing of it is kept', async () => {
      await flipByte(path.join(copy, 'shop/orders.ibd'), 3 * 16_384 + 200)
      const before = await holdfast(['list', 'shop', '--json'], { env })
      const run = await holdfast([...cold, copy], { env })
      assertRefused(run, 1, /page 3 of \S+shop\/orders\.ibd has a wrong checksum/)
      assert.equal((await holdfast(['list', 'shop', '--json'], { env })).stdout, before.stdout)
    })

    await context.test('a server that was killed is refused', async () => {
      await source.sql('INSERT INTO shop.parts VALUES (1000000)')
      await source.kill9()
      const run = await holdfast([...cold, source.dataDir], { env })
      assertRefused(run, 1, /was not shut down cleanly/)
    })
  })
}

/** The option file of a server that has its logs and tablespaces in a folder of their own, and writes nothing by itself. */
async function optionsOfProduction(folder: string): Promise<string> {
  const production = path.join(folder, 'production')
  await mkdir(production)
  await writeFile(path.join(production, 'logs.index'), '')
  const file = path.join(folder, 'production.cnf')
  const lines = [
    '[mysqld]',
    `log-bin-index=${production}/logs.index`,
    `innodb-log-group-home-dir=${production}`,
    `innodb-undo-directory=${production}`,
    `loose-innodb-directories=${production}`,
    `relay-log=${production}/relay`,
    `relay-log-index=${production}/relay.index`,
    `loose-master-info-file=${production}/master.info`,
    `loose-relay-log-info-file=${production}/relay-log.info`,
    `loose-log-tc=${production}/tc.log`,
    `loose-log-ddl-recovery=${production}/ddl`,
    `innodb-data-home-dir=${production}`,
    `innodb-temp-data-file-path=${production}/ibtmp1:12M:autoextend`,
    `loose-innodb-doublewrite-dir=${production}`,
    `loose-aria-log-dir-path=${production}`,
    'general-log=ON',
    `general-log-file=${production}/general.log`,
    'slow-query-log=ON',
    `slow-query-log-file=${production}/slow.log`,
    'read-only=ON',
    'loose-super-read-only=ON',
    '',
  ]
  await writeFile(file, lines.join('\n'))
  return file
}

/** A server that was started again counts on from the greatest number in the table. */
function withoutCounters(fingerprint: string): string {
  return fingerprint.replaceAll(/ AUTO_INCREMENT=\d+/g, '')
}

for (const kind of testedKinds) {
  test(`a restore may say what the backup was not told of the case of names (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, {
      hasSmallNames: true,
      sql: 'CREATE DATABASE Shop; CREATE TABLE Shop.Orders SELECT 1 AS id',
    })
    const env = environmentOf(source, folder.path)
    await succeed(['init', '--no-encryption'], { env })
    // MariaDB 11.8 was seen to write behind its last checkpoint when it is shut down right after its start, and its log lies in memory.
    await source.sql('SET GLOBAL innodb_fast_shutdown = 0')
    await source.stop()
    await succeed(['backup', '--method', 'cold', '--name', 'shop', '--datadir', source.dataDir], { env })
    const options = path.join(folder.path, 'my.cnf')
    await writeFile(options, '[mysqld]\nlower-case-table-names=1\n')
    const directory = path.join(folder.path, 'restored')
    const words = ['restore', 'shop', '--datadir', directory, '--server-options', options]
    const run = await holdfast(words, { env })
    // There is no archive, of which it warns.
    assert.equal(run.exit, 3, run.output)
    await using restored = await startServer(kind, { dataDir: directory, hasSmallNames: true })
    assert.equal((await restored.sql('SELECT * FROM SHOP.ORDERS')).trim(), '1')
  })
}

async function flipByte(file: string, offset: number): Promise<void> {
  await using handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset)
  buffer[0] = (buffer[0] ?? 0) ^ 0x10
  await handle.write(buffer, 0, 1, offset)
}
