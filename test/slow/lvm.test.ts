// Snapshots of real LVM, in a guest that has a device mapper: what the driver does there, step by step, and what it says when there is no room.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Mount } from '../../src/physical/mounts.ts'
import { lvmSnapshot, planLvm } from '../../src/physical/snapshot/lvm.ts'
import { type LvmGuest, startLvmGuest } from '../support/lvm-guest.ts'

const { signal } = new AbortController()
const searched = process.env['PATH']
let guest: LvmGuest

before(async () => {
  guest = await startLvmGuest()
  process.env['PATH'] = `${guest.programs}:${searched}`
})

after(async () => {
  process.env['PATH'] = searched
  await guest[Symbol.asyncDispose]()
})

/** As the guest has the volume mounted. */
function mountOf(volume: string, type: string): Mount {
  return { device: '0:0', root: '/', place: `/run/${volume}`, type, source: `/dev/mapper/vg0-${volume}` }
}

async function makeVolume(volume: string, create: string, type = 'ext4'): Promise<Mount> {
  await guest.run(
    `lvcreate --yes ${create} --name ${volume} && mkfs.${type} -q /dev/vg0/${volume} && mkdir /run/${volume} && ` +
      `mount /dev/vg0/${volume} /run/${volume} && mkdir /run/${volume}/mysql && echo then > /run/${volume}/mysql/file`,
  )
  return mountOf(volume, type)
}

for (const [kind, create] of [
  ['classic', '--size 120M vg0'],
  ['thin', '--virtualsize 120M --thin vg0/pool'],
] as const) {
  test(`a snapshot of a ${kind} volume has what was there when it was taken, and is removed`, async () => {
    if (kind === 'thin') await guest.run('lvcreate --yes --type thin-pool --size 160M --name pool vg0')
    const mount = await makeVolume(kind, create)
    const name = `holdfast-${kind}`
    const request = { directory: `/run/${kind}/mysql`, name, mountAt: `/tmp/${name}-${process.pid}`, signal }
    const record = await planLvm(request, mount, undefined)
    assert.equal(record.pool, kind === 'thin' ? 'pool' : undefined)
    assert.equal(record.relative, 'mysql')
    const snapshot = lvmSnapshot(record)
    await snapshot.take(signal)
    await guest.run(`echo now > /run/${kind}/mysql/file; sync`)
    const directory = await snapshot.open(signal)
    assert.equal(await guest.run(`cat ${directory}/file`), 'then\n')
    await snapshot.requireSound(signal)
    // Where the guest has it mounted is not seen from here.
    await guest.run(`umount ${request.mountAt}`)
    await snapshot.remove()
    await snapshot.remove()
    assert.doesNotMatch(await guest.run('lvs --noheadings --options lv_name vg0'), /holdfast/)
  })
}

test('a snapshot that ran out of room for what changed is no backup', async () => {
  const mount = await makeVolume('full', '--size 120M vg0')
  const mountAt = `/tmp/holdfast-full-${process.pid}`
  const request = { directory: '/run/full/mysql', name: 'holdfast-full', mountAt, signal }
  const snapshot = lvmSnapshot(await planLvm(request, mount, 4 * 2 ** 20))
  await snapshot.take(signal)
  await snapshot.requireSound(signal)
  await guest.run('head -c 40M /dev/urandom > /run/full/mysql/more; sync')
  await assert.rejects(snapshot.requireSound(signal), /vg0\/holdfast-full ran out of room for what changed/)
  await snapshot.remove()
  assert.doesNotMatch(await guest.run('lvs --noheadings --options lv_name vg0'), /holdfast/)
})

test('a pool that ran out of room is told, and a group without any before anything is made', async () => {
  const mount = await makeVolume('thick', '--virtualsize 300M --thin vg0/pool')
  const mountAt = `/tmp/holdfast-thick-${process.pid}`
  const request = { directory: '/run/thick/mysql', name: 'holdfast-thick', mountAt, signal }
  const snapshot = lvmSnapshot(await planLvm(request, mount, undefined))
  await snapshot.take(signal)
  await guest.run('timeout 60 head -c 250M /dev/urandom > /run/thick/mysql/more & sleep 20; true')
  await assert.rejects(snapshot.requireSound(signal), /the pool vg0\/pool ran out of room/)

  await guest.run('lvcreate --yes --extents 100%FREE --name rest vg0')
  const whole = { ...request, directory: '/run/full/mysql', name: 'holdfast-none' }
  await assert.rejects(planLvm(whole, mountOf('full', 'ext4'), undefined), /group vg0 has 0 bytes free/)
})
