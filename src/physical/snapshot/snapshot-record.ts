// All kinds of snapshots: which one a volume gets, and what is to be noted of it so that it can be removed after a crash.
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { mountOf } from '../mounts.ts'
import { btrfsRecord, btrfsSnapshot, planBtrfs } from './btrfs.ts'
import { commandRecord, commandSnapshot, planCommand } from './command.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { isLvm, lvmRecord, lvmSnapshot, planLvm } from './lvm.ts'
import type { SnapshotDriver } from './snapshot-drivers.ts'
import { planXfs, xfsRecord, xfsSnapshot } from './xfs.ts'
import { isZfs, planZfs, zfsRecord, zfsSnapshot } from './zfs.ts'

export const snapshotRecord = z.discriminatedUnion('driver', [
  btrfsRecord,
  xfsRecord,
  zfsRecord,
  lvmRecord,
  commandRecord,
])
export type SnapshotRecord = Readonly<z.infer<typeof snapshotRecord>>

export interface SnapshotRequest extends PlanRequest {
  /** By the file system of the data directory, where none is named. */
  readonly driver?: SnapshotDriver | undefined
  /** Process id of the server. */
  readonly pid: number
  /** For how long it may be stopped, where that has to be. */
  readonly freezeLimitSeconds: number
  /** Of a classic volume of LVM: for what changes while the snapshot is read. */
  readonly roomBytes?: number | undefined
  /** For the driver `command`. */
  readonly command?: string | undefined
}

/** What will be made, before anything is. Throws UNSUPPORTED where there is no way, and TOOL_MISSING. */
export async function planSnapshot(request: SnapshotRequest): Promise<SnapshotRecord> {
  const { pid, freezeLimitSeconds, roomBytes, command } = request
  const plans: Readonly<Record<SnapshotDriver, () => SnapshotRecord | Promise<SnapshotRecord>>> = {
    btrfs: () => planBtrfs(request),
    xfs: () => planXfs(request, pid, freezeLimitSeconds),
    zfs: () => planZfs(request),
    lvm: async () => planLvm(request, await mountOf(request.directory), roomBytes),
    command: () => planCommand(request, command),
  }
  const driver = request.driver ?? (await driverFor(request.directory))
  return await plans[driver]()
}

export function heldSnapshot(record: SnapshotRecord): HeldSnapshot {
  if (record.driver === 'btrfs') return btrfsSnapshot(record)
  if (record.driver === 'xfs') return xfsSnapshot(record)
  if (record.driver === 'zfs') return zfsSnapshot(record)
  if (record.driver === 'lvm') return lvmSnapshot(record)
  return commandSnapshot(record)
}

/** What is of one instant goes before copies that share their blocks, for which the server has to be stopped. */
async function driverFor(directory: string): Promise<SnapshotDriver> {
  const mount = await mountOf(directory)
  if (mount.type === 'btrfs') return 'btrfs'
  if (await isZfs(mount)) return 'zfs'
  if (await isLvm(mount.source)) return 'lvm'
  if (mount.type === 'xfs') return 'xfs'
  throw new HoldfastError(
    'UNSUPPORTED',
    `${directory} lies on ${mount.source} (${mount.type}), of which no snapshot is known here`,
    { directory, type: mount.type },
    {
      hint: 'Use --method clone (MySQL) or mariadb-backup (MariaDB), or --snapshot-command COMMAND for a disk that can be frozen.',
    },
  )
}
