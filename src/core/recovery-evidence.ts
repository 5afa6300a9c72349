// What became of a backup when a server of our own recovered it: kept beside the backup, for whoever asks whether it was ever tried.
import type { RecoveryPoint } from './recovery-point.ts'

export interface RecoveryEvidence {
  readonly backup: string
  /** ISO 8601 in UTC, by the clock of the host that tried: when it began. */
  readonly triedAt: string
  readonly seconds: number
  /** The server that recovered the files. */
  readonly serverVersion: string
  readonly outcome: RecoveryOutcome
}

export type RecoveryOutcome =
  | {
      readonly kind: 'recovered'
      /** What the recovered server held: the exact point, also where the backup knows only bounds. */
      readonly point: RecoveryPoint
      /** That were looked at by CHECK TABLE. */
      readonly tables: number
      /** None: every table is sound. */
      readonly problems: readonly { readonly table: string; readonly problem: string }[]
    }
  /** The backup is to blame: what it stored is lost or damaged, or no server came up on its files. */
  | { readonly kind: 'failed'; readonly why: string }
  /** It did not come to an end, for a reason that says nothing of the backup. */
  | { readonly kind: 'broken-off'; readonly why: string }

/** True where a server came up, and found every table sound. */
export function isProof({ outcome }: RecoveryEvidence): boolean {
  return outcome.kind === 'recovered' && outcome.problems.length === 0
}
