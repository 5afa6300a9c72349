// What the sessions of a load take next: a table of its own for each, and its indexes as soon as its last rows are in.
import type { Deferral, DeferredTable } from './deferred-indexes/plan-deferral.ts'
import { bytesOf, type LoadBatch } from './load-batches.ts'
import type { RowLoad } from './load-rows.ts'
import { bytesLeft, type TableLoad } from './table-loads.ts'

export type LoadJob =
  | (RowLoad & { readonly kind: 'rows' })
  | { readonly kind: 'indexes'; readonly of: DeferredTable }

export interface LoadSessions {
  readonly count: number
  /** Tables that one session at a time can load: others would wait for a lock. */
  readonly isExclusive: (table: RowLoad['table']) => boolean
}

/** Of a table whose rows are not all given out. */
interface OpenTable {
  readonly load: TableLoad
  readonly isExclusive: boolean
  given: number
  bytesLeft: number
  /** That load rows of it now. */
  sessions: number
}

export class LoadQueue {
  readonly #sessions: LoadSessions
  readonly #deferral: Deferral
  /** Those that nobody has begun, the largest last. */
  readonly #waiting: OpenTable[]
  readonly #begun = new Set<OpenTable>()
  readonly #tables = new Map<RowLoad['table'], OpenTable>()
  readonly #indexes: LoadJob[] = []
  #bytesLeft: number

  constructor(loads: readonly TableLoad[], deferral: Deferral, sessions: LoadSessions) {
    this.#sessions = sessions
    this.#deferral = deferral
    this.#waiting = loads
      .filter(({ batches }) => batches.length > 0)
      .map((load) => openTable(load, sessions))
      .toSorted((a, b) => a.bytesLeft - b.bytesLeft)
    for (const table of this.#waiting) this.#tables.set(table.load.table, table)
    this.#bytesLeft = this.#waiting.reduce((sum, table) => sum + table.bytesLeft, 0)
    // Those whose rows an earlier run has brought.
    for (const { table, batches } of loads) if (batches.length === 0) this.#addIndexes(table)
  }

  /**
   * `last` is what that session has done before, which is `done`. Indexes come before rows: they are those of a larger table, and what they
   * take cannot be shared. Undefined: there is nothing left that this session could help with.
   */
  next(last?: LoadJob): LoadJob | undefined {
    const indexes = this.#indexes.shift()
    if (indexes !== undefined) return indexes
    const table = this.#choose(last?.kind === 'rows' ? this.#tables.get(last.table) : undefined)
    return table === undefined ? undefined : this.#give(table)
  }

  /** To be called when a job is done, before that session asks for the next one. */
  done(job: LoadJob): void {
    if (job.kind === 'indexes') return
    const table = this.#tables.get(job.table)
    if (table === undefined) return
    table.sessions -= 1
    if (table.sessions > 0 || batchLeft(table) !== undefined) return
    this.#tables.delete(job.table)
    this.#addIndexes(job.table)
  }

  /**
   * A table is loaded by one session to its end: several would wait for each other at its last page, or for a lock on it. But one that
   * would still be under way when all others are done, were it to wait, goes first.
   */
  #choose(own: OpenTable | undefined): OpenTable | undefined {
    const free = largest(
      [...this.#begun, ...this.#waiting.slice(-1)].filter(({ sessions }) => sessions === 0),
    )
    if (own !== undefined && own.sessions === 0 && batchLeft(own) !== undefined) {
      const share = this.#bytesLeft / this.#sessions.count
      return free !== undefined && free.bytesLeft > own.bytesLeft && free.bytesLeft >= share ? free : own
    }
    return free ?? largest([...this.#begun].filter(({ isExclusive }) => !isExclusive))
  }

  #give(table: OpenTable): LoadJob {
    const batch = batchLeft(table)
    if (batch === undefined) throw new RangeError(`no rows are left of ${table.load.table.name}`)
    if (this.#waiting.at(-1) === table) this.#waiting.pop()
    this.#begun.add(table)
    table.given += 1
    table.sessions += 1
    const bytes = bytesOf(batch)
    table.bytesLeft -= bytes
    this.#bytesLeft -= bytes
    if (batchLeft(table) === undefined) this.#begun.delete(table)
    return { kind: 'rows', schema: table.load.schema, table: table.load.table, batch }
  }

  #addIndexes(table: RowLoad['table']): void {
    const deferred = this.#deferral.get(table)
    if (deferred !== undefined && deferred.indexes.length > 0)
      this.#indexes.push({ kind: 'indexes', of: deferred })
  }
}

function openTable(load: TableLoad, { isExclusive }: LoadSessions): OpenTable {
  return {
    load,
    isExclusive: isExclusive(load.table),
    given: 0,
    bytesLeft: bytesLeft(load),
    sessions: 0,
  }
}

function batchLeft({ load, given }: OpenTable): LoadBatch | undefined {
  return load.batches[given]
}

/** By what is left for each session that would then be on it. */
function largest(tables: readonly OpenTable[]): OpenTable | undefined {
  let best: OpenTable | undefined
  for (const table of tables) if (best === undefined || shareOf(table) > shareOf(best)) best = table
  return best
}

function shareOf({ bytesLeft: bytes, sessions }: OpenTable): number {
  return bytes / (sessions + 1)
}
