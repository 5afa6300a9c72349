// What a backup holds, translated for another kind of server: a pure function of the two, with a report of what is not as it was.
import type { LogicalContent, SchemaContent } from '../content.ts'
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
  tellOfAliases(schemas, source, target, report)
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

/** MariaDB has MySQL's names for collations of its own, which follow a later Unicode. */
function tellOfAliases(
  schemas: readonly SchemaContent[],
  source: ServerKind,
  target: TargetServer,
  report: TranslationReport,
): void {
  if (source.flavour !== 'mysql' || target.flavour !== 'mariadb') return
  const used = schemas.flatMap(({ ddl, tables }) => [ddl, ...tables.map((table) => table.ddl)])
  const names = new Set(
    used.flatMap((ddl) =>
      [...ddl.matchAll(/COLLATE[ =](utf8mb4_(?:\w+_)?0900_a\w+)/g)].map(([, name = '']) => name),
    ),
  )
  for (const name of names) {
    if (!target.collations.has(name)) continue
    const tell = report.of(`collation ${name}`)
    tell(
      'differs',
      'it follows Unicode 14 there, and Unicode 9 in MySQL: rare characters may sort and compare otherwise',
    )
  }
}
