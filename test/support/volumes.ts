// Real volumes with snapshots for tests: file systems on loop devices, with their programs fetched and not installed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureInstallation } from '../../scripts/servers/installation.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { copyData, ensureTemplate } from '../../scripts/servers/template.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'
import { fetchedPackages, throughLoader } from './fetched-packages.ts'
import { type ServerKind, startServer, type TestServer, type TestServerOptions } from './servers.ts'

/** `zfs` is zfs-fuse: the real programs, and a file system that needs no module of the kernel. */
export type VolumeKind = 'btrfs' | 'xfs' | 'zfs'

export interface Volume extends AsyncDisposable {
  readonly kind: VolumeKind
  /** Where it is mounted. */
  readonly path: string
  /** The programs of the file system, as an addition to PATH. */
  readonly programs: string
  /** Names of what is on it and none of the test's: an empty list when nothing was left behind. */
  leftovers(): Promise<readonly string[]>
}

/** A file system of 1 GiB, which costs only what is written to it. Needs root, and a kernel that has it. */
export async function openVolume(kind: VolumeKind): Promise<Volume> {
  if (process.getuid?.() !== 0) throw new Error(`a volume of ${kind} can be made by root alone`)
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await guardedFolder('hf-volume'))
  const image = path.join(folder.path, 'image')
  await writeFile(image, '')
  await truncate(image, 2 ** 30)
  const place = path.join(folder.path, 'volume')
  await mkdir(place)
  const programs = path.join(folder.path, 'bin')
  await mkdir(programs)
  const leftovers =
    kind === 'zfs'
      ? await makePool(folder.path, { image, place, programs }, parts)
      : await makeFileSystem(kind, { image, place, programs }, parts)
  const owned = parts.move()
  return { kind, path: place, programs, leftovers, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

interface Places {
  readonly image: string
  readonly place: string
  readonly programs: string
}

const loopTools = { suite: 'bookworm', packages: ['btrfs-progs', 'xfsprogs'], loosePackages: [] } as const

async function makeFileSystem(
  kind: 'btrfs' | 'xfs',
  { image, place, programs }: Places,
  parts: AsyncDisposableStack,
): Promise<Volume['leftovers']> {
  const root = await fetchedPackages('volume-tools', loopTools)
  for (const program of ['bin/btrfs', 'sbin/mkfs.btrfs', 'sbin/mkfs.xfs']) await wrap(root, program, programs)
  await runProgram(path.join(programs, `mkfs.${kind}`), ['-q', image])
  // The loop device goes with the mount.
  await runProgram('mount', ['-t', kind, '-o', 'loop', image, place])
  parts.defer(async () => {
    await runProgram('umount', ['-l', place])
  })
  return async () => linesOf(await runProgram('ls', ['-A', place])).filter((name) => name !== 'data')
}

const zfsTools = { suite: 'bookworm', packages: ['zfs-fuse', 'fuse'], loosePackages: [] } as const

/** There is one daemon for a machine, which its programs find by its socket: the caller has to keep others away. */
async function makePool(
  folder: string,
  { image, place, programs }: Places,
  parts: AsyncDisposableStack,
): Promise<Volume['leftovers']> {
  const root = await fetchedPackages('zfs-tools', zfsTools)
  for (const program of ['sbin/zfs', 'sbin/zpool', 'sbin/zfs-fuse']) await wrap(root, program, programs)
  await mkdir('/var/run/zfs', { recursive: true })
  const pool = `hf${path.basename(folder).replaceAll(/\W/g, '').toLowerCase()}`
  const daemon = spawn(
    path.join(programs, 'zfs-fuse'),
    ['--no-daemon', '--pidfile', path.join(folder, 'pid')],
    {
      stdio: 'ignore',
      detached: true,
    },
  )
  daemon.unref()
  parts.defer(async () => {
    const ended = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    if (daemon.exitCode === null && daemon.signalCode === null) await ended
  })
  const zpool = (words: readonly string[]) => runProgram(path.join(programs, 'zpool'), words)
  // The daemon is there a moment after it began.
  await patiently(() => zpool(['create', '-m', place, pool, image]))
  parts.defer(async () => {
    // It keeps files open for a moment after they were closed.
    await patiently(() => zpool(['destroy', '-f', pool]))
  })
  return async () => {
    const words = ['list', '-H', '-o', 'name', '-t', 'filesystem,snapshot', '-r', pool]
    return linesOf(await runProgram(path.join(programs, 'zfs'), words)).filter((name) => name !== pool)
  }
}

/** Tries again what fails, for ten seconds. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await work()
      return
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(100)
    }
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
  // FUSE knows neither asynchronous nor direct writes.
  const slow = ['--innodb-use-native-aio=0', '--innodb-flush-method=fsync']
  const args = [...(volume.kind === 'zfs' ? slow : []), ...(options.args ?? [])]
  return await startServer(kind, { ...options, args, dataDir })
}

/** A small script, for the program may want a newer libc than this machine's. */
async function wrap(root: string, program: string, folder: string): Promise<void> {
  const call = (await throughLoader(root, program)).map((word) => `'${word}'`).join(' ')
  const file = path.join(folder, path.basename(program))
  await writeFile(file, `#!/bin/sh\nexec ${call} "$@"\n`, { mode: 0o755 })
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
