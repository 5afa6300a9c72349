// Which keys of a backup a table on a server does not have.
import type { TableContent } from '../content.ts'
import { type DeferredTable, deferredTable } from './plan-deferral.ts'
import { type ForeignClause, type KeyClause, type TableClauses, tableClauses } from './table-clauses.ts'

/** By kind and name. None where one of the statements cannot be read. */
export function missingKeys(wantedDdl: string, shownDdl: string): readonly (KeyClause | ForeignClause)[] {
  const [wanted, shown] = [tableClauses(wantedDdl), tableClauses(shownDdl)]
  if (wanted === undefined || shown === undefined) return []
  return lackingIn(wanted, shown)
}

/** What is still to be added to a table that an earlier run has made. */
export function keysLeft(schema: string, table: TableContent, shownDdl: string): DeferredTable | undefined {
  const [clauses, shown] = [tableClauses(table.ddl), tableClauses(shownDdl)]
  if (clauses === undefined || shown === undefined) return undefined
  const lacking = lackingIn(clauses, shown)
  return lacking.length === 0 ? undefined : deferredTable({ schema, table, clauses }, lacking)
}

function lackingIn(wanted: TableClauses, shown: TableClauses): readonly (KeyClause | ForeignClause)[] {
  const there = new Set(shown.clauses.filter(isKey).map(({ kind, name }) => `${kind} ${name}`))
  return wanted.clauses.filter(isKey).filter(({ kind, name }) => !there.has(`${kind} ${name}`))
}

function isKey(clause: TableClauses['clauses'][number]): clause is KeyClause | ForeignClause {
  return clause.kind === 'key' || clause.kind === 'foreign'
}
