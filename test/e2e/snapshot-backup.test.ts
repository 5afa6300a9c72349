// The files of a running server by a snapshot of btrfs, or by reflinks of XFS, through the command line.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { changeEverything } from '../support/clone-rig.ts'
import { environmentOf } from '../support/comes-back.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { assertSnapshotsComeBack } from '../support/snapshot-rig.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openVolume, startServerOn } from '../support/volumes.ts'

for (const volumeKind of ['btrfs', 'xfs'] as const) {
  for (const kind of testedKinds) {
    test(`a running server comes back from a snapshot, and with everything after it (${volumeKind}, ${kind})`, async (context) => {
      await using volume = await openVolume(volumeKind)
      await assertSnapshotsComeBack(context, volume, kind)
    })
  }
}

for (const kind of testedKinds.filter((name) => name !== 'mariadb-11.8')) {
  test(`a server whose binary log lies elsewhere, and whose commits wait in memory, comes back whole (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using volume = await openVolume('btrfs')
    const logs = path.join(folder.path, 'logs')
    await mkdir(logs)
    const args = [`--log-bin=${logs}/binlog`, '--innodb-flush-log-at-trx-commit=0']
    await using source = await startServerOn(volume, kind, { args })
    await createShop(source)
    const env = environmentOf(source, folder.path, volume)
    await succeed(['init', '--no-encryption'], { env })
    const take = ['backup', '--method', 'snapshot', source.url(), '--name', 'shop']
    assertRefused(await holdfast([...take, '--no-locks'], { env }), 1, /the binary log lies elsewhere/)
    const writing = changeEverything(source)
    const run = await holdfast(take, { env })
    await writing.stop()
    assert.equal(run.exit, 0, run.output)
    await takeOrders(source, 20)
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
    const directory = path.join(folder.path, 'restored')
    await succeed(['restore', 'shop', '--datadir', directory], { env })
    await using restored = await startServer(kind, { dataDir: directory })
    assert.deepEqual(await differencesBetween(source, restored), [])
    await succeed(['verify', 'shop', '--recover'], { env })
  })
}
