// The files of a running server by a snapshot of their volume, through the command line: while it is written to, and back to any moment.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { changeEverything } from '../support/clone-rig.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openVolume, startServerOn, volumeKinds } from '../support/volumes.ts'

for (const volumeKind of volumeKinds) {
  for (const kind of testedKinds) {
    test(`a running server comes back from a snapshot, and with everything after it (${volumeKind}, ${kind})`, async (context) => {
      await using folder = await temporaryDirectory()
      await using volume = await openVolume(volumeKind)
      await using source = await startServerOn(volume, kind, { durable: true })
      await createShop(source)
      const env = {
        PATH: `${volume.programs}:${process.env['PATH']}`,
        HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
        HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
        [source.flavour === 'mysql' ? 'HOLDFAST_MYSQLD' : 'HOLDFAST_MARIADBD']: source.programs.server,
      }
      const take = ['backup', '--method', 'snapshot', source.url(), '--name', 'shop']
      await succeed(['init', '--no-encryption'], { env })
      const takeUnderWrites = async (name: string): Promise<BackupSummary> => {
        const writing = changeEverything(source, name)
        const run = await holdfast([...take, '--json'], { env })
        const rounds = await writing.stop()
        assert.equal(run.exit, 0, run.output)
        assert.ok(rounds > 0)
        assert.deepEqual(await volume.leftovers(), [], 'the snapshot is gone')
        return lastBackup(run.stdout)
      }
      const shownSnapshot = async (backup: string) => {
        const shown = JSON.parse((await succeed(['show', 'shop', backup, '--json'], { env })).stdout)
        return shown.snapshot
      }

      const free = await takeUnderWrites('free')
      await context.test('nobody waits for one whose files tell everything', async () => {
        assert.deepEqual(await shownSnapshot(free.id), { driver: volumeKind, rung: 'none', heldMs: 0 })
        assert.ok(free.point.position !== undefined && free.point.gtid !== undefined)
      })
      await source.sql('CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=MyISAM')
      await source.sql("INSERT INTO shop.notes VALUES (1, 'kept')")
      const still = await takeUnderWrites('still')
      await context.test(
        'with a table without transactions the server is held still, for as long as is noted',
        async () => {
          const { rung, heldMs } = await shownSnapshot(still.id)
          assert.equal(rung, source.flavour === 'mysql' ? 'flush-tables-with-read-lock' : 'backup-stage')
          assert.ok(heldMs > 0 && heldMs < 20_000, String(heldMs))
        },
      )

      await takeOrders(source, 20)
      await source.sql('CREATE TABLE shop.later AS SELECT * FROM shop.audit')
      await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
      for (const { id } of [free, still]) {
        await context.test(
          `${id === free.id ? 'the first' : 'the second'} and binary logs together are the server as it is now`,
          async () => {
            const directory = path.join(folder.path, id)
            await succeed(['restore', 'shop', '--backup', id, '--datadir', directory], { env })
            await using restored = await startServer(kind, { dataDir: directory })
            assert.deepEqual(await differencesBetween(source, restored), [])
          },
        )
        await context.test(
          `${id === free.id ? 'the first' : 'the second'} is proven by a recovery, which ends at the point it tells`,
          async () => {
            const run = await holdfast(['verify', 'shop', '--recover', '--backup', id], { env })
            assert.equal(run.exit, 0, run.output)
            assert.match(run.stdout, /comes back: a server recovered it to .+; \d+ tables checked/)
          },
        )
      }
    })
  }
}

function lastBackup(stdout: string): BackupSummary {
  const { backup }: { backup: BackupSummary } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  return backup
}
