// A node of a Galera cluster: what other nodes write is in its binary log only where it is told to log that.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { fetchedPackages } from '../support/fetched-packages.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const packages = { suite: 'bookworm', packages: ['libssl3'], loosePackages: ['galera-4'] } as const

/** A cluster of one node. */
async function nodeOptions(logSlaveUpdates: 'ON' | 'OFF'): Promise<readonly string[]> {
  const root = await fetchedPackages('galera-4', packages)
  return [
    '--wsrep-on=ON',
    `--wsrep-provider=${path.join(root, 'usr/lib/galera/libgalera_smm.so')}`,
    '--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:0;ist.recv_addr=127.0.0.1:0',
    '--wsrep-cluster-address=gcomm://',
    '--innodb-autoinc-lock-mode=2',
    `--log-slave-updates=${logSlaveUpdates}`,
  ]
}

test('a node of a cluster that does not log what other nodes write is named, and not streamed', async () => {
  await using folder = await temporaryDirectory()
  const repository = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...repository, '--no-encryption'])
  const named = [...repository, '--name', 'node']
  const spool = ['--spool', path.join(folder.path, 'spool'), '--until-caught-up']
  const lacking =
    /node of a Galera cluster with log_slave_updates = OFF: what other nodes write is not logged/
  {
    await using server = await startServer('mariadb-10.11', { args: await nodeOptions('OFF') })
    const doctor = await holdfast(['doctor', server.url()])
    assert.equal(doctor.exit, 1, doctor.output)
    assert.match(doctor.stdout, lacking)
    assertRefused(await holdfast(['stream', server.url(), ...named, ...spool]), 22, lacking)
    const backup = await holdfast(['backup', server.url(), ...named])
    assert.equal(backup.exit, 3, backup.output)
    assert.match(backup.stderr, lacking)
  }
  await using server = await startServer('mariadb-10.11', { args: await nodeOptions('ON') })
  const whole = [...repository, '--name', 'whole']
  await succeed(['backup', server.url(), ...whole])
  await succeed(['stream', server.url(), ...whole, ...spool])
})
