// Unique keys over texts, for which a collation decides whether two rows are one.
import { type KeyClause, tableClauses } from '../deferred-indexes/table-clauses.ts'
import { attributeText, type ColumnText, columnText, hasAttribute } from './column-text.ts'
import { tokensIn } from './ddl-text.ts'
import { optionValue, tableTail } from './table-options.ts'

export interface TextKey {
  /** `PRIMARY`, or its own name. */
  readonly name: string
  readonly collations: readonly string[]
}

const textTypes = /^(?:(?:var)?char|(?:tiny|medium|long)?text|enum|set)$/

export function isText({ type }: ColumnText): boolean {
  return textTypes.test(type)
}

export function hasOwnCollation(column: ColumnText): boolean {
  return hasAttribute(column, 'collate')
}

/** Of a CREATE TABLE without comments of servers in it. */
export function textKeys(ddl: string, object: string): readonly TextKey[] {
  const parts = tableClauses(ddl)
  if (parts === undefined) return []
  const ofTable =
    optionValue(tableTail(parts.tail, object), 'COLLATE') ?? 'the collation of its character set'
  const collations = new Map(
    parts.clauses
      .filter((clause) => clause.kind === 'column')
      .map((clause) => columnText(clause.text, object))
      .filter(isText)
      .map((column) => [
        column.name,
        attributeText(column, 'collate')?.replace(/^COLLATE\s+/i, '') ?? ofTable,
      ]),
  )
  const keys = parts.clauses.filter(
    (clause): clause is KeyClause => clause.kind === 'key' && ['primary', 'unique'].includes(clause.type),
  )
  return keys.flatMap(({ name, text }) => {
    const names = tokensIn(text, object).filter(({ kind }) => kind === 'name')
    const own = new Set(names.flatMap(({ value }) => collations.get(value) ?? []))
    return own.size === 0 ? [] : [{ name: name === '' ? 'PRIMARY' : name, collations: [...own] }]
  })
}
