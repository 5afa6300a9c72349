// What a backup holds, translated for another kind of server: a pure function of the two, with a report of what is not as it was.
import type { LogicalContent } from '../content.ts'
import { translatedAccounts } from './accounts.ts'
import { type TranslationEntry, TranslationReport } from './report.ts'
import type { RowChange } from './row-change.ts'
import { translatedSchema } from './schema.ts'
import type { ServerKind } from './server-features.ts'
import type { TargetServer } from './target-server.ts'

export interface TranslatedContent {
  readonly content: LogicalContent
  readonly entries: readonly TranslationEntry[]
  /** By the name of the object with a table's rows: how they are changed on their way. */
  readonly rowChanges: ReadonlyMap<string, RowChange>
}

/** @throws HoldfastError UNSUPPORTED naming what cannot be read, or what the target can have in no form */
export function translateContent(
  content: LogicalContent,
  source: ServerKind,
  target: TargetServer,
): TranslatedContent {
  const report = new TranslationReport()
  const rowChanges = new Map<string, RowChange>()
  const schemas = content.schemas.map((schema) =>
    translatedSchema(schema, { source, target, report, rowChanges }),
  )
  const { accounts, ...rest } = content
  return {
    content: {
      ...rest,
      schemas,
      ...(accounts === undefined ? {} : { accounts: translatedAccounts(accounts, source, target, report) }),
    },
    entries: report.entries,
    rowChanges,
  }
}
