// What the rules for the parts of a table need to know.
import type { Tell } from './report.ts'
import type { ServerFeatures, ServerKind } from './server-features.ts'
import type { TargetServer } from './target-server.ts'

export interface TableContext {
  /** `table shop.orders`, for errors. */
  readonly object: string
  readonly source: ServerKind
  readonly target: TargetServer
  /** Of the target. */
  readonly features: ServerFeatures
  readonly tell: Tell
  /** Columns that a key names. */
  readonly keyColumns: ReadonlySet<string>
  /** Between two flavours, not only two versions. */
  readonly isOtherFlavour: boolean
}
