// What the sessions of a load take next: rows of the largest table first, and its indexes as soon as its last rows are in.
import type { Deferral, DeferredTable } from './deferred-indexes/plan-deferral.ts'
import type { RowLoad } from './load-rows.ts'
import type { TableLoad } from './table-loads.ts'

export type LoadJob =
  | (RowLoad & { readonly kind: 'rows' })
  | { readonly kind: 'indexes'; readonly of: DeferredTable }

export class LoadQueue {
  readonly #rows: readonly LoadJob[]
  /** How many of them are given out. */
  #given = 0
  readonly #indexes: LoadJob[] = []
  readonly #left = new Map<RowLoad['table'], number>()
  readonly #deferral: Deferral

  constructor(loads: readonly TableLoad[], deferral: Deferral) {
    this.#deferral = deferral
    this.#rows = loads.flatMap(({ schema, table, batches }) =>
      batches.map((batch): LoadJob => ({ kind: 'rows', schema, table, batch })),
    )
    for (const { table, batches } of loads) this.#left.set(table, batches.length)
    // Those whose rows an earlier run has brought.
    for (const { table, batches } of loads) if (batches.length === 0) this.#addIndexes(table)
  }

  next(): LoadJob | undefined {
    return this.#indexes.shift() ?? this.#rows[this.#given++]
  }

  /**
   * To be called when a job is done, before that session asks for the next one. Indexes come before rows: they are those of a larger
   * table, and what they take cannot be shared.
   */
  done(job: LoadJob): void {
    if (job.kind === 'indexes') return
    const left = (this.#left.get(job.table) ?? 0) - 1
    this.#left.set(job.table, left)
    if (left === 0) this.#addIndexes(job.table)
  }

  #addIndexes(table: RowLoad['table']): void {
    const deferred = this.#deferral.get(table)
    if (deferred !== undefined && deferred.indexes.length > 0)
      this.#indexes.push({ kind: 'indexes', of: deferred })
  }
}
