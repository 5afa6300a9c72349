// Names of schemas and tables as a server keeps and compares them (lower_case_table_names).
import { HoldfastError } from '../core/errors.ts'
import { formatTableName } from '../core/name-list.ts'
import type { TableName } from '../instance/instance-facts.ts'
import type { LogicalContent } from './content.ts'
import type { RenameRules } from './reshape/renames.ts'
import type { Selection } from './selection.ts'

/** With 1 the server keeps them in small letters, however they are written. */
const keptSmall = 1

function keptTable({ schema, name }: TableName): TableName {
  return { schema: schema.toLowerCase(), name: name.toLowerCase() }
}

/** The same with the names that a server with this lower_case_table_names has for it. */
export function keptSelection(selection: Selection, lowerCaseTableNames: number): Selection {
  if (lowerCaseTableNames !== keptSmall) return selection
  if (selection.kind === 'tables') return { kind: 'tables', tables: selection.tables.map(keptTable) }
  const { exclude } = selection
  const excluded =
    exclude === undefined
      ? {}
      : {
          exclude: {
            schemas: exclude.schemas.map((name) => name.toLowerCase()),
            tables: exclude.tables.map(keptTable),
          },
        }
  if (selection.kind === 'everything') return { kind: 'everything', ...excluded }
  return { kind: 'schemas', schemas: selection.schemas.map((name) => name.toLowerCase()), ...excluded }
}

/** See keptSelection. */
export function keptRenames(rules: RenameRules, lowerCaseTableNames: number): RenameRules {
  if (lowerCaseTableNames !== keptSmall) return rules
  return {
    schemas: rules.schemas.map(({ from, to }) => ({ from: from.toLowerCase(), to: to.toLowerCase() })),
    tables: rules.tables.map(({ from, to }) => ({ from: keptTable(from), to: keptTable(to) })),
  }
}

/**
 * Refuses a server that keeps names in another way than the source did: it would have other names than the backup, or one for two.
 * @throws HoldfastError VERSION_MISMATCH
 */
export function checkNameCase(content: LogicalContent, target: number, hint: string): void {
  const { lowerCaseTableNames: source } = content.server
  if (source === target) return
  const names = content.schemas.flatMap(({ name: schema, tables, views, sequences }) =>
    [...tables, ...views, ...sequences].map(({ name }) => ({ schema, name })),
  )
  // Dumps of other programs do not say how their server kept names; small ones it kept as they are.
  const isSmall = [...names, ...content.schemas.map(({ name }) => ({ schema: name, name }))].every(
    (name) => formatTableName(keptTable(name)) === formatTableName(name),
  )
  if (content.imported !== undefined && isSmall) return
  const [clash] = [...Map.groupBy(names, (name) => formatTableName(keptTable(name))).values()].filter(
    (alike) => alike.length > 1,
  )
  const clashing =
    clash === undefined ? '' : `: there ${clash.map(formatTableName).join(' and ')} would be one table`
  throw new HoldfastError(
    'VERSION_MISMATCH',
    `lower_case_table_names is ${source} in the backup and ${target} on the target${clashing}`,
    { source, target },
    { hint },
  )
}
