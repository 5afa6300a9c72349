// What can take a snapshot, by the names that options and manifests use.

export const snapshotDrivers = ['btrfs', 'xfs', 'zfs', 'lvm', 'command'] as const
export type SnapshotDriver = (typeof snapshotDrivers)[number]

/** Undefined for `auto`, and for what is none. */
export function driverNamed(name: string | undefined): SnapshotDriver | undefined {
  return snapshotDrivers.find((each) => each === name)
}
