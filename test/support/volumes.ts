// Real volumes with snapshots for tests: file systems on loop devices, with their programs fetched and not installed.
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ensureInstallation } from '../../scripts/servers/installation.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { copyData, ensureTemplate } from '../../scripts/servers/template.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'
import { fetchedPackages, throughLoader } from './fetched-packages.ts'
import { type ServerKind, startServer, type TestServer, type TestServerOptions } from './servers.ts'

export type VolumeKind = 'btrfs' | 'xfs'
export const volumeKinds: readonly VolumeKind[] = ['btrfs', 'xfs']

export interface Volume extends AsyncDisposable {
  readonly kind: VolumeKind
  /** Where it is mounted. */
  readonly path: string
  /** The programs of the file system, as an addition to PATH. */
  readonly programs: string
  /** Names in its root that are none of ours: an empty list when nothing was left behind. */
  leftovers(): Promise<readonly string[]>
}

const packages = { suite: 'bookworm', packages: ['btrfs-progs', 'xfsprogs'], loosePackages: [] } as const

/** A file system of 1 GiB, which costs only what is written to it. Needs root, and a kernel that has it. */
export async function openVolume(kind: VolumeKind): Promise<Volume> {
  if (process.getuid?.() !== 0)
    throw new Error(`a volume of ${kind} on a loop device can be made by root alone`)
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await guardedFolder('hf-volume'))
  const programs = path.join(folder.path, 'bin')
  await writePrograms(programs)
  const image = path.join(folder.path, 'image')
  await writeFile(image, '')
  await truncate(image, 2 ** 30)
  await runProgram(path.join(programs, `mkfs.${kind}`), ['-q', image])
  const place = path.join(folder.path, 'volume')
  await mkdir(place)
  // The loop device goes with the mount.
  await runProgram('mount', ['-t', kind, '-o', 'loop', image, place])
  parts.defer(async () => {
    await runProgram('umount', ['-l', place])
  })
  const own = await namesIn(place)
  const owned = parts.move()
  return {
    kind,
    path: place,
    programs,
    leftovers: async () => (await namesIn(place)).filter((name) => !own.includes(name) && name !== 'data'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A server whose data directory is `data` on the volume: of btrfs a subvolume of its own. */
export async function startServerOn(
  volume: Volume,
  kind: ServerKind,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const dataDir = path.join(volume.path, 'data')
  const template = await ensureTemplate(await ensureInstallation(kind))
  if (volume.kind === 'btrfs') {
    await runProgram(path.join(volume.programs, 'btrfs'), ['subvolume', 'create', dataDir])
    await copyData(`${template}/.`, dataDir)
  } else await copyData(template, dataDir)
  return await startServer(kind, { ...options, dataDir })
}

/** Small scripts, for the programs may want a newer libc than this machine's. */
async function writePrograms(folder: string): Promise<void> {
  const root = await fetchedPackages('volume-tools', packages)
  await mkdir(folder)
  for (const program of ['bin/btrfs', 'sbin/mkfs.btrfs', 'sbin/mkfs.xfs']) {
    const call = (await throughLoader(root, program)).map((word) => `'${word}'`).join(' ')
    await writeFile(path.join(folder, path.basename(program)), `#!/bin/sh\nexec ${call} "$@"\n`, {
      mode: 0o755,
    })
  }
}

async function namesIn(place: string): Promise<string[]> {
  return (await runProgram('ls', ['-A', place])).split('\n').filter((name) => name !== '')
}
