// A snapshot as one archive of tar, as mylvmbackup writes it: unpacked by tar alone, it is a data directory.
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openVolume, startServerOn } from '../support/volumes.ts'

for (const kind of testedKinds.filter((name) => name !== 'mariadb-11.8')) {
  test(`an archive of a snapshot is a data directory, recovered before or by its first start (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using volume = await openVolume('btrfs')
    await using source = await startServerOn(volume, kind)
    await createShop(source)
    const env = {
      PATH: `${volume.programs}:${process.env['PATH']}`,
      [source.flavour === 'mysql' ? 'HOLDFAST_MYSQLD' : 'HOLDFAST_MARIADBD']: source.programs.server,
    }
    const options = path.join(folder.path, 'my.cnf')
    await writeFile(options, '[mysqld]\nmax-connections=77\n')
    const take = ['backup', '--method', 'snapshot', source.url(), '--tar']

    const unpack = async (archive: string, to: string): Promise<string> => {
      const place = path.join(folder.path, to)
      await mkdir(place)
      await runProgram('tar', ['-xzf', archive, '-C', place])
      return place
    }

    await context.test(
      'in a folder it is named by its time, and holds position and option file',
      async () => {
        await succeed([...take, folder.path, '--server-options', options], { env })
        const [name = ''] = (await readdir(folder.path)).filter((each) => each.startsWith('backup-'))
        assert.match(name, /^backup-\d{8}_\d{6}_mysql\.tar\.gz$/)
        assert.equal((await stat(path.join(folder.path, name))).mode & 0o777, 0o600)
        const place = await unpack(path.join(folder.path, name), 'raw')
        assert.match(
          await readFile(path.join(place, 'backup-pos/position.txt'), 'utf8'),
          /^file: binlog\.\d+$/m,
        )
        assert.match(await readFile(path.join(place, 'backup-pos/0-my.cnf'), 'utf8'), /max-connections=77/)
        await using restored = await startServer(kind, { dataDir: path.join(place, 'mysql') })
        assert.deepEqual(await differencesBetween(source, restored), [])
        assert.match(await readFile(restored.errorLog, 'utf8'), /crash recovery/i)
        assert.deepEqual(await volume.leftovers(), [])
      },
    )

    await context.test('recovered first, nothing has to be recovered any more', async () => {
      const archive = path.join(folder.path, 'recovered.tar.gz')
      await succeed([...take, archive, '--recover-first'], { env })
      const place = await unpack(archive, 'recovered')
      await using restored = await startServer(kind, { dataDir: path.join(place, 'mysql') })
      assert.deepEqual(await differencesBetween(source, restored), [])
      assert.doesNotMatch(await readFile(restored.errorLog, 'utf8'), /crash recovery/i)
      const accounts = await restored.sql("SELECT user FROM mysql.user WHERE user LIKE 'holdfast%'")
      assert.equal(accounts, '', 'no account of the recovery is left')
    })

    await context.test('what cannot be is refused, and leaves nothing', async () => {
      const before = (await readdir(folder.path)).toSorted()
      assertRefused(await holdfast([...take, options], { env }), 2, /my\.cnf is there already/)
      assertRefused(await holdfast([...take, path.join(folder.path, 'no/where')], { env }), 2, /is no folder/)
      const none = [
        ...take,
        path.join(folder.path, 'x.tar.gz'),
        '--recover-first',
        '--server-program',
        '/bin/none',
      ]
      assertRefused(await holdfast(none, { env }), 23, /no program that can be run/)
      const alone = ['backup', '--method', 'snapshot', source.url(), '--recover-first']
      assertRefused(await holdfast(alone, { env }), 2, /--recover-first goes with --tar/)
      assert.deepEqual((await readdir(folder.path)).toSorted(), before)
      assert.deepEqual(await volume.leftovers(), [])
    })
  })
}
