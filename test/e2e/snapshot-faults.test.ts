// What becomes of a snapshot, and of the server, when a backup of it is killed, refused or ends badly: the server goes on, and nothing stays.
import assert from 'node:assert/strict'
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists } from '../../scripts/servers/installation.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { copyData, ensureTemplate } from '../../scripts/servers/template.ts'
import { stages } from '../../src/physical/snapshot/stages.ts'
import { environmentOf } from '../support/comes-back.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openVolume, startServerOn, type Volume } from '../support/volumes.ts'

const kind = testedKinds[0]!

/** A table without transactions: then the server is held still. */
const notes = 'CREATE TABLE shop.notes (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO shop.notes VALUES (1)'

interface Rig {
  readonly env: Readonly<Record<string, string>>
  readonly take: readonly string[]
  readonly folder: string
  /** Writes a program for a stage, and answers the folder that --hooks takes. */
  hook(stage: string, script: string): Promise<string>
}

async function prepareRig(folder: string, volume: Volume, source: TestServer): Promise<Rig> {
  const env = { ...environmentOf(source, folder, volume), XDG_STATE_HOME: path.join(folder, 'state') }
  await succeed(['init', '--no-encryption'], { env })
  return {
    env,
    take: ['backup', '--method', 'snapshot', source.url(), '--name', 'shop'],
    folder,
    async hook(stage, script) {
      const hooks = path.join(folder, 'hooks')
      await rm(hooks, { recursive: true, force: true })
      await mkdir(hooks)
      await writeFile(path.join(hooks, stage), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
      return hooks
    },
  }
}

for (const volumeKind of ['btrfs', 'xfs'] as const) {
  test(`a backup that is killed at any stage leaves a server that goes on, and the next one clears up (${volumeKind})`, async () => {
    await using folder = await temporaryDirectory()
    await using volume = await openVolume(volumeKind)
    await using source = await startServerOn(volume, kind)
    await createShop(source)
    await source.sql(notes)
    const rig = await prepareRig(folder.path, volume, source)
    const { env, take } = rig
    const reached = path.join(folder.path, 'reached')
    const before = stages.filter((stage) => !stage.startsWith('backup'))
    for (const stage of before) {
      const hooks = await rig.hook(stage, `touch '${reached}'; sleep 60`)
      const killed = await holdfast([...take, '--hooks', hooks], {
        env,
        onStart: (child) => void whenThere(reached).then(() => child.kill('SIGKILL')),
      })
      assert.equal(killed.signal, 'SIGKILL', `${stage}: ${killed.output}`)
      await rm(reached)
      // Waits for no lock: the connection that held it has ended.
      await source.sql('SET SESSION lock_wait_timeout = 5; REPLACE INTO shop.notes VALUES (1)')
      const left = (await volume.leftovers()).length
      assert.equal(left, hasBegun(stage, volumeKind) ? 1 : 0, stage)
      const next = await succeed(take, { env })
      assert.match(next.stderr, /removed the snapshot holdfast-\S+ of a backup that was killed/, stage)
      assert.deepEqual(await volume.leftovers(), [], stage)
      const state = await readdir(path.join(folder.path, 'state/holdfast/snapshots'))
      assert.deepEqual(
        state.filter((name) => name !== '.tmp'),
        [],
        stage,
      )
    }
    await takeOrders(source, 5)
    await succeed([...take], { env })
    const fingerprint = await shopFingerprint(source)
    await succeed(['restore', 'shop', '--to', 'backup', '--datadir', path.join(folder.path, 'restored')], {
      env,
    })
    await using restored = await startServer(kind, { dataDir: path.join(folder.path, 'restored') })
    assert.equal(withoutCounters(await shopFingerprint(restored)), withoutCounters(fingerprint))
  })
}

/** XFS has its folder before anybody waits. */
function hasBegun(stage: string, volumeKind: string): boolean {
  const first = volumeKind === 'xfs' ? 'preflush' : 'preunlock'
  return stages.findIndex((each) => each === stage) >= stages.indexOf(first)
}

test('a hook is told where the files are, its failure ends the backup, and what only follows is a warning', async (context) => {
  await using folder = await temporaryDirectory()
  await using volume = await openVolume('btrfs')
  await using source = await startServerOn(volume, kind, { durable: true })
  await createShop(source)
  const rig = await prepareRig(folder.path, volume, source)
  const { env, take } = rig

  await context.test('the files of the data directory can be read at prebackup', async () => {
    const seen = path.join(folder.path, 'seen')
    const hooks = await rig.hook(
      'prebackup',
      `ls "$HOLDFAST_SNAPSHOT_DIRECTORY" > '${seen}'; test "$1" = prebackup`,
    )
    await succeed([...take, '--hooks', hooks], { env })
    assert.match(await runProgram('cat', [seen]), /^ibdata1$/m)
  })

  if (source.flavour === 'mariadb')
    await context.test('commits go on while it is taken, and no definition changes', async () => {
      const client = source.programs.client.map((word) => `'${word}'`).join(' ')
      const hooks = await rig.hook(
        'preunlock',
        `${client} -e 'INSERT INTO shop.customers (name) VALUES ("meanwhile")' || exit 1
         ${client} -e 'SET lock_wait_timeout = 1; CREATE TABLE shop.meanwhile (id INT)' || exit 0
         exit 1`,
      )
      await succeed([...take, '--hooks', hooks], { env })
      await source.sql('SET lock_wait_timeout = 5; CREATE TABLE shop.meanwhile (id INT)')
    })

  await context.test('a hook that fails before the backup ends it, with its own words', async () => {
    const hooks = await rig.hook('presnapshot', 'echo "not today" >&2; exit 3')
    assertRefused(
      await holdfast([...take, '--hooks', hooks], { env }),
      1,
      /the hook presnapshot: .*not today/s,
    )
    assert.deepEqual(await volume.leftovers(), [])
  })

  await context.test('one that fails afterwards is a warning', async () => {
    const hooks = await rig.hook('backupsuccess', 'echo "no mail" >&2; exit 3')
    const run = await holdfast([...take, '--hooks', hooks], { env })
    assert.equal(run.exit, 3, run.output)
    assert.match(run.stderr, /the hook backupsuccess: .*no mail/s)
  })

  await context.test('a snapshot is kept where that is asked for, and told', async () => {
    const run = await succeed([...take, '--keep-snapshot'], { env })
    const [, removal = ''] = /what removes it: (btrfs subvolume delete \S+)/.exec(run.stderr) ?? []
    assert.equal((await volume.leftovers()).length, 1, run.output)
    await runProgram('sh', ['-c', removal], { env })
    await succeed(take, { env })
    assert.deepEqual(await volume.leftovers(), [])
  })

  await context.test('without a lock it is refused where files alone do not tell the moment', async () => {
    await source.sql(notes)
    const run = await holdfast([...take, '--no-locks'], { env })
    assertRefused(run, 1, /shop\/notes\.MYI is of an engine without transactions/)
  })

  await context.test('a lock that does not come in time ends the backup, and nothing is left', async () => {
    const blocking = source.sql('SELECT id, SLEEP(8) FROM shop.notes FOR UPDATE')
    const run = await holdfast([...take, '--lock-wait', '1'], { env })
    await blocking
    assertRefused(run, 1, /did not get its lock in 3 attempts of 1 s/)
    assert.deepEqual(await volume.leftovers(), [])
  })

  await context.test('what lies on another volume is refused by name', async () => {
    const elsewhere = path.join(folder.path, 'elsewhere')
    await mkdir(elsewhere)
    await symlink(elsewhere, path.join(source.dataDir, 'linked'))
    assertRefused(await holdfast(take, { env }), 1, /files elsewhere: \S+\/linked is a link/)
    await rm(path.join(source.dataDir, 'linked'))
    await runProgram(path.join(volume.programs, 'btrfs'), [
      'subvolume',
      'create',
      path.join(source.dataDir, 'nested'),
    ])
    assertRefused(await holdfast(take, { env }), 1, /files elsewhere: \S+\/nested is another volume/)
    await runProgram(path.join(volume.programs, 'btrfs'), [
      'subvolume',
      'delete',
      path.join(source.dataDir, 'nested'),
    ])
  })

  await context.test('a cold backup sees that a server runs there', async () => {
    const run = await holdfast(
      ['backup', '--method', 'cold', '--name', 'cold', '--datadir', source.dataDir],
      { env },
    )
    assertRefused(run, 1, /a server runs on \S+: process \d+ holds \S+/)
  })
})

test('a server is refused whose files are not where it says, or have no snapshots', async (context) => {
  await using folder = await temporaryDirectory()
  await using volume = await openVolume('btrfs')
  await using source = await startServerOn(volume, kind, { durable: true })
  const { env, take } = await prepareRig(folder.path, volume, source)

  await context.test('a directory of another server', async () => {
    await using other = await startServer(kind)
    await other.stop()
    const run = await holdfast([...take, '--datadir', other.dataDir], { env })
    assertRefused(run, 1, /is not the data directory of that server/)
  })

  await context.test('a directory of another server that runs', async () => {
    await using other = await startServer(kind)
    const run = await holdfast([...take, '--datadir', other.dataDir], { env })
    assertRefused(run, 1, /is not the data directory of that server/)
  })

  await context.test('a file system that has no snapshots', async () => {
    await using small = await smallDisk(900)
    const dataDir = path.join(small.path, 'data')
    await copyData(await ensureTemplate(source.installation), dataDir)
    await using other = await startServer(kind, { dataDir, durable: true })
    const words = ['backup', '--method', 'snapshot', other.url(), '--name', 'other']
    const run = await holdfast(words, { env })
    assertRefused(run, 1, /lies on \S+ \(tmpfs\), of which no snapshot is known here/)
    assertRefused(await holdfast([...words, '--snapshot-driver', 'btrfs'], { env }), 1, /not on btrfs/)
  })

  await context.test('a host without the program', async () => {
    const run = await holdfast(take, { env: { ...env, PATH: '/nowhere' }, through: [] })
    assertRefused(run, 23, /no btrfs is on this machine's PATH/)
  })
})

/** A server that was started again counts on from the greatest number in the table. */
function withoutCounters(fingerprint: string): string {
  return fingerprint.replaceAll(/ AUTO_INCREMENT=\d+/g, '')
}

async function whenThere(file: string): Promise<void> {
  while (!(await exists(file))) await sleep(20)
}
