// Real LVM without root's own devices: a kernel in user mode (UML) that runs LVM's programs for us, one call after the other.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists, findLoader } from '../../scripts/servers/installation.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'
import { fetchedPackages, throughLoader } from './fetched-packages.ts'

/** That of bookworm dies of the state that newer processors have; this one is built for a newer libc than ours. */
const kernel = { suite: 'sid', packages: ['user-mode-linux'], loosePackages: [] } as const
const tools = {
  suite: 'bookworm',
  packages: ['lvm2', 'busybox-static', 'patchelf'],
  loosePackages: [],
} as const

const modules = [
  'dm-mod',
  'dm-bufio',
  'persistent-data/dm-persistent-data',
  'dm-bio-prison',
  'dm-snapshot',
  'dm-thin-pool',
]

export interface LvmGuest extends AsyncDisposable {
  /** Scripts with the names of the host's programs, which the guest runs: an addition to PATH. */
  readonly programs: string
  /** Runs a line of shell in the guest, and answers what it printed. Throws with what it said when it fails. */
  run(line: string): Promise<string>
}

/** A group `vg0` of 1 GiB. The guest sees the files of this machine, and has devices and mounts of its own. */
export async function startLvmGuest(): Promise<LvmGuest> {
  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await guardedFolder('hf-lvm'))
  const place = (name: string): string => path.join(folder.path, name)
  const root = await fetchedPackages('lvm-tools', tools)
  const kernelRoot = await fetchedPackages('user-mode-linux', kernel)
  await mkdir(place('calls'))
  await mkdir(place('guest'))
  await mkdir(place('host'))
  for (const name of ['lvs', 'lvcreate', 'lvremove', 'pvcreate', 'vgcreate']) {
    const call = (await throughLoader(root, path.join('sbin', name))).join(' ')
    await writeScript(place(`guest/${name}`), `exec ${call} "$@"`)
  }
  for (const name of ['lvs', 'lvcreate', 'lvremove', 'mount', 'umount', 'sh'])
    await writeScript(place(`host/${name}`), callScript(place('calls'), name))
  await writeScript(place('init'), initScript(folder.path, root, kernelRoot))
  await writeFile(place('disk'), '')
  await truncate(place('disk'), 2 ** 30)
  await makeKernel(place('linux'), root, kernelRoot)
  const words = ['mem=512M', 'root=/dev/root', 'rootfstype=hostfs', 'rw', `init=${place('init')}`]
  const devices = [`ubd0=${place('disk')}`, 'con=null', 'con0=null,fd:1']
  const guest = spawn(place('linux'), [...words, ...devices], {
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
    env: { ...process.env, TMPDIR: folder.path },
  })
  guest.unref()
  parts.defer(async () => {
    const ended = once(guest, 'exit')
    // All that a guest runs are processes of its group.
    if (guest.pid !== undefined && guest.exitCode === null) process.kill(-guest.pid, 'SIGKILL')
    await ended
  })
  for (let waited = 0; !(await exists(place('ready'))); waited += 1) {
    if (guest.exitCode !== null || waited === 1200)
      throw new Error(`the guest did not start: ${await log(place('log'))}`)
    await sleep(50)
  }
  const owned = parts.move()
  return {
    programs: place('host'),
    run: (line) => runProgram(place('host/sh'), ['-c', line]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeKernel(file: string, root: string, kernelRoot: string): Promise<void> {
  await copyFile(path.join(kernelRoot, 'usr/bin/linux.uml'), file)
  const loader = await findLoader(kernelRoot)
  const patchelf = await throughLoader(root, 'usr/bin/patchelf')
  const [program, ...words] = patchelf
  await runProgram(program, [
    ...words,
    '--set-interpreter',
    loader,
    '--set-rpath',
    path.dirname(loader),
    file,
  ])
}

/** A call is a file with a word a line; its answer comes as three more. */
function callScript(calls: string, name: string): string {
  return `
call='${calls}'/$$-$(date +%N)
printf '%s\\n' ${name} "$@" > "$call.new"
mv "$call.new" "$call.call"
while [ ! -e "$call.status" ]; do sleep 0.05; done
cat "$call.out"; cat "$call.err" >&2
exit "$(cat "$call.status")"`
}

function initScript(folder: string, root: string, kernelRoot: string): string {
  const insert = modules.map(
    (name) =>
      `${root}/bin/busybox insmod ${kernelRoot}/usr/lib/uml/modules/$(uname -r)/kernel/drivers/md/${name}.ko`,
  )
  return `
exec > '${folder}/log' 2>&1
set -x
export PATH=${folder}/guest:/usr/sbin:/usr/bin:/sbin:/bin
export LVM_SYSTEM_DIR=/run/lvm-etc LVM_SUPPRESS_FD_WARNINGS=1 DM_DISABLE_UDEV=1
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /run
mkdir -p /run/lvm-etc /run/lvm /run/lock/lvm
cat > /run/lvm-etc/lvm.conf <<END
global { locking_dir="/run/lock/lvm" use_lvmpolld=0 }
activation { udev_sync=0 udev_rules=0 monitoring=0 verify_udev_operations=0 }
backup { backup=0 archive=0 }
devices { obtain_device_list_from_udev=0 use_devicesfile=0 }
END
${insert.join('\n')}
pvcreate -ff -y /dev/ubda && vgcreate vg0 /dev/ubda && touch '${folder}/ready'
set +x
cd '${folder}/calls'
while :; do
  for call in *.call; do
    [ -e "$call" ] || continue
    name=\${call%.call}
    mapfile -t words < "$call"
    rm "$call"
    "\${words[@]}" > "$name.out" 2> "$name.err"
    echo $? > "$name.new"
    mv "$name.new" "$name.status"
  done
  sleep 0.05
done`
}

async function writeScript(file: string, script: string): Promise<void> {
  await writeFile(`${file}.new`, `#!/bin/bash\n${script}\n`, { mode: 0o755 })
  await rename(`${file}.new`, file)
}

async function log(file: string): Promise<string> {
  return (await exists(file)) ? await readFile(file, 'utf8') : 'it said nothing'
}
