// Changes that rows need on their way to another kind of server.
import { endsOfTime } from './server-features.ts'

/**
 * `current-only`: of a table that kept its versions, the rows that hold, without the two columns that say from when to when.
 * `end-of-time`: the same rows, with the moment that stands for "still" as the target writes it.
 */
export type RowChange =
  | { readonly kind: 'current-only' }
  | { readonly kind: 'end-of-time'; readonly to: string }

/** The cells of the row as it goes on; undefined for one that does not. */
export function changedCells(cells: readonly Buffer[], change: RowChange): readonly Buffer[] | undefined {
  const end = cells.at(-1)
  const isCurrent = end !== undefined && endsOfTime.has(end.toString('latin1'))
  if (change.kind === 'current-only') return isCurrent ? cells.slice(0, -2) : undefined
  return isCurrent ? [...cells.slice(0, -1), Buffer.from(change.to)] : cells
}
