// The files of a running server by a snapshot of btrfs, or by reflinks of XFS, through the command line.
import { test } from 'node:test'
import { testedKinds } from '../support/servers.ts'
import { assertSnapshotsComeBack } from '../support/snapshot-rig.ts'
import { openVolume } from '../support/volumes.ts'

for (const volumeKind of ['btrfs', 'xfs'] as const) {
  for (const kind of testedKinds) {
    test(`a running server comes back from a snapshot, and with everything after it (${volumeKind}, ${kind})`, async (context) => {
      await using volume = await openVolume(volumeKind)
      await assertSnapshotsComeBack(context, volume, kind)
    })
  }
}
