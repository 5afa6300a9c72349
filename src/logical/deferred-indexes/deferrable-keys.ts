// Which keys of a table may be added when its rows are in, so that the table is the same afterwards, order of keys included.
import type { Clause, KeyClause, TableClauses } from './table-clauses.ts'

/**
 * Both servers sort keys when a table is made or altered: unique before others, FULLTEXT behind all, and within each class in the order
 * in which they came (sort_keys() in sql_table.cc of both). Those added later come behind those that are there. So of the unique keys and
 * of the others only a last part can be added later: what must stay keeps all that come before it.
 */
export function deferrableKeys({ clauses, isOrdinary }: TableClauses): readonly KeyClause[] {
  if (!isOrdinary) return []
  const needed = neededWhileLoading(clauses)
  const later: KeyClause[] = []
  const mustStay = { unique: false, other: false }
  let isBehindFulltext = true
  for (const clause of clauses.toReversed()) {
    // Might be a kind of key that we do not know, and nobody knows where it belongs.
    if (clause.kind === 'unknown') mustStay.unique = mustStay.other = true
    if (clause.kind !== 'key' || clause.type === 'primary') continue
    const side = clause.type === 'unique' ? 'unique' : 'other'
    // One statement adds one FULLTEXT key, so these come last: only where they are last is that their order.
    if (clause.type === 'fulltext' && !isBehindFulltext) mustStay[side] = true
    if (clause.type !== 'fulltext') isBehindFulltext = false
    if (needed.has(clause) || !clause.isPlain) mustStay[side] = true
    if (!mustStay[side]) later.unshift(clause)
  }
  return later
}

/** Of FTS_DOC_ID, which FULLTEXT keys count rows by. */
const hiddenCounter = /^fts_doc_id_index$/i

function neededWhileLoading(clauses: readonly Clause[]): ReadonlySet<KeyClause> {
  const keys = clauses.filter((clause) => clause.kind === 'key')
  const needed = new Set(keys.filter(({ name, type }) => type === 'primary' || hiddenCounter.test(name)))
  // Without a primary key rows lie in the order of a unique one; which one that is the server decides.
  if (!keys.some(({ type }) => type === 'primary'))
    for (const key of keys) if (key.type === 'unique') needed.add(key)
  const counter = clauses.find((clause) => clause.kind === 'column' && clause.isAutoIncrement)
  const counting = keys.find(
    ({ firstColumn }) => counter?.kind === 'column' && sameName(firstColumn, counter.name),
  )
  if (counting !== undefined) needed.add(counting)
  return needed
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
