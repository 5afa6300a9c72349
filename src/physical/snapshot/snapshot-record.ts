// All kinds of snapshots: which one a volume gets, and what is to be noted of it so that it can be removed after a crash.
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { mountOf } from '../mounts.ts'
import { btrfsRecord, btrfsSnapshot, planBtrfs } from './btrfs.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'
import { planXfs, xfsRecord, xfsSnapshot } from './xfs.ts'

export const snapshotRecord = z.discriminatedUnion('driver', [btrfsRecord, xfsRecord])
export type SnapshotRecord = Readonly<z.infer<typeof snapshotRecord>>
type SnapshotDriver = SnapshotRecord['driver']

const snapshotDrivers: readonly SnapshotDriver[] = ['btrfs', 'xfs']

export interface SnapshotRequest extends PlanRequest {
  /** `auto`, or absent: by the file system of the data directory. */
  readonly driver?: string | undefined
  /** Process id of the server. */
  readonly pid: number
  /** For how long it may be stopped, where that has to be. */
  readonly freezeLimitSeconds: number
}

/** What will be made, before anything is. Throws UNSUPPORTED where there is no way, and TOOL_MISSING. */
export async function planSnapshot(request: SnapshotRequest): Promise<SnapshotRecord> {
  const driver = namedDriver(request.driver) ?? (await driverFor(request.directory))
  const { pid, freezeLimitSeconds } = request
  const plans: Readonly<Record<SnapshotDriver, () => Promise<SnapshotRecord>>> = {
    btrfs: () => planBtrfs(request),
    xfs: () => planXfs(request, pid, freezeLimitSeconds),
  }
  return await plans[driver]()
}

export function heldSnapshot(record: SnapshotRecord): HeldSnapshot {
  return record.driver === 'btrfs' ? btrfsSnapshot(record) : xfsSnapshot(record)
}

function namedDriver(name: string | undefined): SnapshotDriver | undefined {
  if (name === undefined || name === 'auto') return undefined
  const driver = snapshotDrivers.find((each) => each === name)
  if (driver === undefined) throw new HoldfastError('USAGE', `there is no driver ${name} for snapshots`)
  return driver
}

async function driverFor(directory: string): Promise<SnapshotDriver> {
  const { type, source } = await mountOf(directory)
  switch (type) {
    case 'btrfs':
    case 'xfs':
      return type
    default:
      throw new HoldfastError(
        'UNSUPPORTED',
        `${directory} lies on ${source} (${type}), of which no snapshot is known here`,
        { directory, type },
        { hint: 'Use --method clone (MySQL) or mariadb-backup (MariaDB).' },
      )
  }
}
