// What a restore would do, as data: a plan can be printed, kept as JSON, tested and then carried out.
import type { BackupKind, BackupMethod } from '../core/backup.ts'
import type { Flavour } from '../core/flavour.ts'
import type { BinlogPosition, GtidState, RecoveryPoint } from '../core/recovery-point.ts'
import type { RestorePoint } from '../core/restore-point.ts'

/** What the planner needs to know of a backup; a BackupSummary has all of it. */
export interface BaseBackup {
  readonly id: string
  readonly kind: BackupKind
  readonly method: BackupMethod
  readonly origin: { readonly flavour: Flavour; readonly serverVersion: string }
  readonly point: RecoveryPoint
  /** Set where the backup may hold anything between its point and this one: which it is, only the recovered server can tell. */
  readonly upTo?: RecoveryPoint
  readonly sizes: { readonly plainBytes: number }
  /** Holds some schemas or tables only: nothing can be replayed behind it, so it is used only when it is named. */
  readonly isPartial?: boolean
}

/** A transaction left out on purpose. */
export interface SkippedTransaction {
  readonly gtid: string
  readonly file: string
  readonly start: number
  readonly end: number
  readonly timeMicros: number
}

export interface PlannedSegment {
  readonly timeline: string
  readonly seq: number
  readonly file: string
  readonly start: number
  readonly end: number
}

/** Transactions of one timeline: those that start at or after `from` and end at or before `until`. */
export interface ReplayLeg {
  readonly timeline: string
  readonly from: BinlogPosition
  readonly until: BinlogPosition
}

/** Which archived transactions to apply. */
export interface ReplayPlan {
  /** One after the other: each timeline but the last up to the place where the next one goes on from it. */
  readonly legs: readonly ReplayLeg[]
  /** The last transaction that is applied, and the first that no longer is, where the archive has them. */
  readonly last?: PlannedTransaction
  readonly next?: PlannedTransaction
  readonly segments: readonly PlannedSegment[]
  readonly skip: readonly SkippedTransaction[]
  /** Set when the base has transactions that lie behind `from`, as a physical backup may: these are left out. */
  readonly alreadyInBase?: { readonly state: GtidState; readonly transactions: number }
  /** Transactions to apply, without those skipped and those already in the base. */
  readonly transactions: number
  readonly bytes: number
}

export interface PlannedTransaction {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly gtid?: string
  readonly timeMicros: number
}

/** A guess, made of sizes and the rates it names. */
export interface RestoreEstimate {
  readonly isEstimate: true
  readonly loadSeconds: number
  readonly replaySeconds: number
  readonly loadBytesPerSecond: number
  readonly replayBytesPerSecond: number
}

export interface RestorePlan {
  readonly source: string
  readonly flavour: Flavour
  readonly wanted: RestorePoint
  readonly base: BaseBackup
  /** Absent when the backup itself is the wanted state. */
  readonly replay?: ReplayPlan
  /** What the target holds afterwards. Its GTID state is checked against this one. */
  readonly end: RecoveryPoint
  readonly estimate: RestoreEstimate
  readonly warnings: readonly string[]
  /** The same in words, one step each. */
  readonly steps: readonly string[]
}

/** Absent GTID states of a flavour count as: nothing executed with a GTID. */
export function emptyState(flavour: Flavour): GtidState {
  return { flavour, text: '' }
}
