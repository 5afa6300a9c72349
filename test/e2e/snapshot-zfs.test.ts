// The files of a running server by a snapshot of ZFS (zfs-fuse), and by a command of the user, through the command line.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { serverCache } from '../../scripts/servers/installation.ts'
import { whileLocked } from '../../scripts/servers/process-lock.ts'
import { environmentOf } from '../support/comes-back.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'
import { assertSnapshotsComeBack } from '../support/snapshot-rig.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openVolume, startServerOn } from '../support/volumes.ts'

for (const kind of testedKinds.filter((name) => name !== 'mariadb-11.8')) {
  test(`a running server comes back from a snapshot, and with everything after it (zfs, ${kind})`, (context) =>
    // There is one zfs-fuse for a machine.
    whileLocked(path.join(serverCache(), 'zfs-fuse.lock'), async () => {
      await using volume = await openVolume('zfs')
      await assertSnapshotsComeBack(context, volume, kind)
    }))
}

test('a command of the user takes the snapshot, in steps, and what it does not do is no backup', async (context) => {
  const kind = testedKinds[0]!
  await using folder = await temporaryDirectory()
  await using volume = await openVolume('btrfs')
  await using source = await startServerOn(volume, kind, { durable: true })
  await createShop(source)
  const steps = path.join(folder.path, 'steps')
  const command = path.join(folder.path, 'snap')
  const place = path.join(volume.path, '$2')
  const write = (open: string): Promise<void> =>
    writeFile(
      command,
      `#!/bin/sh
set -e
echo "$1" >> '${steps}'
case $1 in
take) btrfs subvolume snapshot "$3" "${place}" ;;
open) ${open} ;;
remove) [ ! -e "${place}" ] || btrfs subvolume delete "${place}" ;;
esac
`,
      { mode: 0o755 },
    )
  const env = environmentOf(source, folder.path, volume)
  await succeed(['init', '--no-encryption'], { env })
  const words = ['backup', '--method', 'snapshot', source.url(), '--name', 'shop']
  const take = [...words, '--snapshot-command', command]

  await context.test('it is asked for each step in turn, while the server is held still', async () => {
    await write(`echo "${place}"`)
    await succeed(take, { env })
    assert.equal(await readFile(steps, 'utf8'), 'prepare\ntake\nopen\ncheck\nclose\nremove\n')
    const shown = JSON.parse((await succeed(['show', 'shop', '--json'], { env })).stdout)
    assert.equal(shown.snapshot.driver, 'command')
    assert.notEqual(shown.snapshot.rung, 'none')
    const directory = path.join(folder.path, 'restored')
    await succeed(['restore', 'shop', '--to', 'backup', '--datadir', directory], { env })
    await using restored = await startServer(kind, { dataDir: directory })
    assert.deepEqual(await differencesBetween(source, restored), [])
  })

  await context.test('who knows that it takes one instant may do without', async () => {
    await succeed([...take, '--no-locks'], { env })
    const shown = JSON.parse((await succeed(['show', 'shop', '--json'], { env })).stdout)
    assert.equal(shown.snapshot.rung, 'none')
  })

  await context.test('a directory that is not that of the server is refused', async () => {
    await write('echo /')
    assertRefused(await holdfast(take, { env }), 1, /step open: "\/" is not the data directory as it was/)
    await write(`echo '${source.dataDir}'`)
    assertRefused(await holdfast(take, { env }), 1, /is the data directory itself/)
  })

  await context.test('a step that fails is named with its words, and what was made is removed', async () => {
    await write('echo "no such disk" >&2; exit 5')
    assertRefused(await holdfast(take, { env }), 1, /step open: .*no such disk/s)
    assert.deepEqual(await volume.leftovers(), [])
  })

  await context.test('a driver without its command is a mistake', async () => {
    assertRefused(
      await holdfast([...words, '--snapshot-driver', 'command'], { env }),
      2,
      /--snapshot-command/,
    )
  })
})
