// A server on a volume, backed up by snapshots while it is written to, and proven to come back from each with everything after it.
import assert from 'node:assert/strict'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { changeEverything } from './clone-rig.ts'
import { environmentOf } from './comes-back.ts'
import { differencesBetween } from './compare-servers.ts'
import { holdfast, succeed } from './holdfast.ts'
import { type ServerKind, startServer } from './servers.ts'
import { createShop, takeOrders } from './shop.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { startServerOn, type Volume } from './volumes.ts'

/** One without any lock, and one with: both as the manifest tells, both equal to the server when all that was logged later is replayed. */
export async function assertSnapshotsComeBack(
  context: TestContext,
  volume: Volume,
  kind: ServerKind,
): Promise<void> {
  await using folder = await temporaryDirectory()
  // A server may call the index of its binary log otherwise than the log.
  const args = volume.kind === 'xfs' ? ['--log-bin-index=logs.index'] : []
  await using source = await startServerOn(volume, kind, { durable: true, args })
  await createShop(source)
  const env = environmentOf(source, folder.path, volume)
  await succeed(['init', '--no-encryption'], { env })
  const take = ['backup', '--method', 'snapshot', source.url(), '--name', 'shop', '--json']
  const takeUnderWrites = async (name: string): Promise<BackupSummary> => {
    const writing = changeEverything(source, name)
    const run = await holdfast(take, { env })
    const rounds = await writing.stop()
    assert.equal(run.exit, 0, run.output)
    assert.ok(rounds > 0)
    assert.deepEqual(await volume.leftovers(), [], 'the snapshot is gone')
    return lastBackup(run.stdout)
  }
  const momentOf = async (backup: BackupSummary) =>
    JSON.parse((await succeed(['show', 'shop', backup.id, '--json'], { env })).stdout).snapshot

  const free = await takeUnderWrites('free')
  await context.test('no commit waits for one whose files tell everything', async () => {
    const rung = source.flavour === 'mysql' ? 'none' : 'backup-stage-ddl'
    assert.deepEqual(await momentOf(free), { driver: volume.kind, rung, heldMs: 0 })
    assert.ok(free.point.position !== undefined && free.point.gtid !== undefined)
  })
  await source.sql('CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=MyISAM')
  await source.sql("INSERT INTO shop.notes VALUES (1, 'kept')")
  const still = await takeUnderWrites('still')
  await context.test(
    'with a table without transactions the server is held still, for as long as is noted',
    async () => {
      const { rung, heldMs } = await momentOf(still)
      assert.equal(rung, source.flavour === 'mysql' ? 'flush-tables-with-read-lock' : 'backup-stage')
      assert.ok(heldMs > 0 && heldMs < 20_000, String(heldMs))
    },
  )

  await takeOrders(source, 20)
  await source.sql('CREATE TABLE shop.later AS SELECT * FROM shop.audit')
  await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
  for (const [name, { id }] of Object.entries({ free, still })) {
    await context.test(`${name}: with its binary logs it is the server as it is now`, async () => {
      const directory = path.join(folder.path, id)
      await succeed(['restore', 'shop', '--backup', id, '--datadir', directory], { env })
      await using restored = await startServer(kind, { dataDir: directory })
      assert.deepEqual(await differencesBetween(source, restored), [])
    })
    await context.test(`${name}: a recovery ends at the point that the backup tells`, async () => {
      const run = await succeed(['verify', 'shop', '--recover', '--backup', id], { env })
      assert.match(run.stdout, /comes back: a server recovered it to .+; \d+ tables checked/)
    })
  }
}

export function lastBackup(stdout: string): BackupSummary {
  const { backup }: { backup: BackupSummary } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  return backup
}
