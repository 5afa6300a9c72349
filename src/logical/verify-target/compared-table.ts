// How the rows of a table of the backup are read on the target, so that equal values have equal text.
import { quoteName } from '../../instance/sql-text.ts'
import type { ColumnContent, TableContent } from '../content.ts'
import { importedExpression } from '../imported-rows.ts'
import type { TableDefinition } from '../table-definition.ts'
import type { CellRule } from './cell-rules.ts'
import { columnTypeIn, haveSameText } from './column-type.ts'

export interface ComparedTable {
  readonly schema: string
  readonly content: TableContent
  /** Name of the object with its rows. */
  readonly object: string
  /** Reads the rows as they are in the backup, column by column; what narrows them down is put behind. */
  readonly select: string
  /** What follows the columns there. */
  readonly from: string
  /** The backup tells of its stored columns, and the target has them. */
  readonly hasComputed: boolean
  /** One for each column of the backup; absent where every byte of a row counts. */
  readonly rules?: readonly CellRule[]
  /** Partitions that a range of the backup names have the same rows on the target. */
  readonly hasSamePartitions: boolean
  /** Columns whose text cannot be compared. */
  readonly leftOut: readonly string[]
}

/** Answers the names of columns that the target lacks where the rows cannot be compared because of them. */
export function comparedTable(
  schema: string,
  given: TableContent & { readonly object: string },
  target: TableDefinition,
  { isSameVersion }: { readonly isSameVersion: boolean },
): ComparedTable | { readonly missing: readonly string[] } {
  // Of a table without rows, an import knows no columns.
  const content = given.columns.length > 0 ? given : { ...given, columns: [...target.columns] }
  const found = content.columns.map((column) => ({ column, at: indexOf(target, column) }))
  const missing = found.filter(({ at }) => at < 0).map(({ column }) => column.name)
  if (missing.length > 0 || target.select === undefined) return { missing }
  const isComparable = found.map(({ column, at }) => hasSameText(column, content, target.columns[at], target))
  const expressions = found.map(({ column, at }) =>
    content.isImported === true ? importedExpression(column) : expressionFor(column, target, at),
  )
  const rules = found.map(({ column, at }, place): CellRule => {
    if (isComparable[place] === false) return 'none'
    if (isWrittenAnew(column, target.columns[at])) return 'json-value'
    const rule = ruleFor(column)
    return rule === 'same' && !isSameVersion && isFloating(column, content) ? 'double' : rule
  })
  const from = fromOf(content, target)
  const computed = content.computed?.columns ?? []
  return {
    schema,
    content,
    object: content.object,
    select: `SELECT ${expressions.join(', ')} ${from}`,
    from,
    hasComputed:
      computed.length > 0 && computed.every((name) => columnTypeIn(target.ddl, name) !== undefined),
    ...(rules.every((rule) => rule === 'same') ? {} : { rules }),
    hasSamePartitions: withoutCounter(content.ddl) === withoutCounter(target.ddl),
    leftOut: content.columns.filter((_, at) => isComparable[at] === false).map(({ name }) => name),
  }
}

/** MySQL writes JSON in its own order and spacing, other servers as it was written. */
function isWrittenAnew({ encoding, mask }: ColumnContent, targetColumn: ColumnContent | undefined): boolean {
  return mask === undefined && (targetColumn?.encoding === 'json') !== (encoding === 'json')
}

function isFloating({ name }: ColumnContent, { ddl }: TableContent): boolean {
  const type = columnTypeIn(ddl, name)?.name
  return type === 'float' || type === 'double'
}

function withoutCounter(ddl: string): string {
  return ddl.replace(/ AUTO_INCREMENT=\d+/, '')
}

function ruleFor({ encoding, mask }: ColumnContent): CellRule {
  // MySQL writes JSON anew, so a mask is not what was given.
  if (encoding === 'json') return mask === undefined ? 'json' : 'none'
  return mask === undefined ? 'same' : 'masked'
}

/** Rows of the past count only where the backup has them. */
function fromOf({ hasHistory }: TableContent, target: TableDefinition): string {
  if (hasHistory || !target.hasHistory) return target.from
  const at = target.from.lastIndexOf(' FOR SYSTEM_TIME ALL')
  return target.from.slice(0, at) + target.from.slice(at).replace(' FOR SYSTEM_TIME ALL', '')
}

function indexOf(target: TableDefinition, { name }: ColumnContent): number {
  return target.columns.findIndex((column) => column.name === name)
}

function expressionFor({ name, encoding }: ColumnContent, target: TableDefinition, at: number): string {
  const quoted = quoteName(name)
  // By number or by text: as the backup has it, whatever members there are now.
  if (encoding === 'number') return `CAST(${quoted} AS UNSIGNED)`
  return target.columns[at]?.encoding === 'number' ? quoted : (target.expressions[at] ?? quoted)
}

function hasSameText(
  column: ColumnContent,
  content: TableContent,
  targetColumn: ColumnContent | undefined,
  target: TableDefinition,
): boolean {
  if (targetColumn?.encoding === 'json' && column.encoding !== 'json') return column.mask === undefined
  const one = columnTypeIn(content.ddl, column.name)
  const other = columnTypeIn(target.ddl, column.name)
  // The hidden columns of a table's history.
  if (one === undefined || other === undefined) return true
  if (one.name === 'json' || other.name === 'json') return other.name === 'json' || other.name === 'longtext'
  return haveSameText(one, other)
}
