// Whether two runs of a load do the same: of one backup, the same parts under the same names, in the same way.
import { createHash } from 'node:crypto'
import type { OnExisting } from '../arrival/plan-arrival.ts'
import type { LogicalContent } from '../content.ts'

export interface LoadIdentity {
  readonly backupId: string
  /** The schema on the target that keeps what was loaded; its name is a digest of all that the load would do. */
  readonly ledger: string
  /** Schemas that it makes or fills. */
  readonly schemas: readonly string[]
}

export interface IdentifiedLoad {
  readonly backupId: string
  /** As it is to be on the target. */
  readonly content: Pick<LogicalContent, 'schemas' | 'accounts'>
  readonly onExisting: OnExisting
  readonly skipBinlog: boolean
}

export const ledgerPrefix = 'holdfast_restore_'

// To be raised when a ledger of before can no longer be gone on with.
const format = 2

/** Renamed, translated and chosen parts all show in the content. */
export function loadIdentity({ backupId, content, onExisting, skipBinlog }: IdentifiedLoad): LoadIdentity {
  const { schemas, accounts = [] } = content
  const all = JSON.stringify([format, backupId, onExisting, skipBinlog, schemas, accounts])
  // 16 hex digits: names of other restores of the same server must differ, and nobody tries to make them equal.
  const digest = createHash('sha256').update(all).digest('hex').slice(0, 16)
  return { backupId, ledger: `${ledgerPrefix}${digest}`, schemas: schemas.map(({ name }) => name) }
}
