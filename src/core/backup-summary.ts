// What is known of a committed backup: the part of its manifest that listings, plans and reports need.
import type { BackupKind, BackupMethod, BackupOrigin } from './backup.ts'
import type { RecoveryPoint } from './recovery-point.ts'

export interface BackupSizes {
  /** Bytes of all objects, before deduplication and compression. */
  readonly plainBytes: number
  /** Bytes that the chunks of these objects take in packs, each counted once. */
  readonly storedBytes: number
  /** Bytes that this backup added to the repository. */
  readonly newBytes: number
  /** Distinct chunks. */
  readonly chunks: number
}

export interface BackupSummary {
  /** Name of the manifest, e.g. 20261123T050612Z-logical-9f86d081. */
  readonly id: string
  readonly kind: BackupKind
  readonly method: BackupMethod
  /** ISO 8601 in UTC, by the clock of the host that made the backup. */
  readonly startedAt: string
  readonly finishedAt: string
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  /** Some schemas or tables only: it is restored as it is. */
  readonly isPartial: boolean
  readonly warnings: readonly string[]
  readonly sizes: BackupSizes
  /** zstd's, of what this backup added; absent where it was not noted. */
  readonly compressLevel?: number
}
