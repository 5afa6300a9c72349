// Which keys of a backup a table on a server does not have.
import { HoldfastError } from '../../core/errors.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { TableContent } from '../content.ts'
import { type DeferredTable, deferredTable } from './plan-deferral.ts'
import { type ForeignClause, type KeyClause, type TableClauses, tableClauses } from './table-clauses.ts'

/** By kind and name; undefined where one of the statements cannot be read. */
export function missingKeys(
  wantedDdl: string,
  shownDdl: string,
): readonly (KeyClause | ForeignClause)[] | undefined {
  const [wanted, shown] = [tableClauses(wantedDdl), tableClauses(shownDdl)]
  return wanted === undefined || shown === undefined ? undefined : lackingIn(wanted, shown)
}

/** Told where missingKeys cannot tell. */
export function keysUnread(schema: string, table: string): string {
  return `whether ${schema}.${table} has all its keys was not checked: the server shows it in a way that cannot be read`
}

/**
 * What is still to be added to a table that an earlier run has made.
 * @throws HoldfastError LOAD_MISMATCH where the server shows the table in a way that cannot be read: then nobody knows
 */
export function keysLeft(schema: string, table: TableContent, shownDdl: string): DeferredTable | undefined {
  const [clauses, shown] = [tableClauses(table.ddl), tableClauses(shownDdl)]
  // It came with all its keys: a statement that cannot be read is never split.
  if (clauses === undefined) return undefined
  if (shown === undefined) {
    throw new HoldfastError(
      'LOAD_MISMATCH',
      `which keys an earlier run has given ${schema}.${table.name} cannot be told: the server shows it in a way that cannot be read`,
      { schema, table: table.name },
      {
        hint: `DROP TABLE ${quoteQualified(schema, table.name)} on the target and run it again: it is made anew.`,
      },
    )
  }
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
