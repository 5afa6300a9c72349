// Tells how far a load is: rows, then the indexes that were left until the rows are in.

import { counted } from '../core/counted.ts'
import type { EmitEvent } from '../core/events.ts'
import { RowProgress } from '../core/row-progress.ts'

export interface LoadProgressOptions {
  readonly emit: EmitEvent
  readonly totalBytes: number
  /** By an earlier run. */
  readonly bytesBefore: number
  /** Tables that get indexes when their rows are in. */
  readonly indexedTables: number
}

export interface SessionProgress {
  /** All of the piece that is on its way, so far; less than before where it has to be sent again. */
  sent(rows: number, bytes: number, table: string): void
  /** The piece is committed. */
  came(rows: number, bytes: number, table: string): void
}

export class LoadProgress {
  readonly #options: LoadProgressOptions
  readonly #rows: RowProgress
  /** Until they are committed. */
  #bytesLeft: number
  #unsentBytes: number
  #indexed = 0

  constructor(options: LoadProgressOptions) {
    const { emit, totalBytes, bytesBefore } = options
    this.#options = options
    this.#bytesLeft = totalBytes - bytesBefore
    this.#unsentBytes = this.#bytesLeft
    this.#rows = new RowProgress({
      emit,
      phase: 'loading rows',
      doneBytes: bytesBefore,
      expected: () => ({ total: totalBytes, ...this.#followedBy() }),
    })
  }

  /** Of one session, which sends one piece of text at a time. */
  session(): SessionProgress {
    let told = { rows: 0, bytes: 0 }
    const tell = (rows: number, bytes: number, detail: string): void => {
      const [moreBytes, moreRows] = [bytes - told.bytes, rows - told.rows]
      told = { rows, bytes }
      this.#unsentBytes -= moreBytes
      this.#rows.add(moreBytes, moreRows, detail)
    }
    return {
      sent: tell,
      came: (rows, bytes, detail) => {
        this.#bytesLeft -= bytes
        tell(rows, bytes, detail)
        told = { rows: 0, bytes: 0 }
        if (this.#bytesLeft === 0) this.#tellIndexes(undefined)
      },
    }
  }

  indexesBegin(table: string): void {
    if (this.#bytesLeft > 0) this.#rows.repeat(`indexes of ${table}`)
    else this.#tellIndexes(table)
  }

  indexesCame(table: string): void {
    this.#indexed++
    if (this.#bytesLeft > 0) this.#rows.repeat(`indexes of ${table}`)
    else this.#tellIndexes(table)
  }

  #tellIndexes(table: string | undefined): void {
    const { emit, indexedTables } = this.#options
    if (indexedTables === 0) return
    emit({
      type: 'progress',
      phase: 'adding indexes',
      done: this.#indexed,
      total: indexedTables,
      unit: 'tables',
      ...(table === undefined ? {} : { detail: table }),
    })
  }

  /** An index takes as long as the server takes, and so does a commit; how long that is nobody knows. */
  #followedBy(): { readonly followedBy?: string } {
    const left = this.#options.indexedTables - this.#indexed
    if (left > 0) return { followedBy: `indexes of ${counted(left, 'table')}` }
    return this.#unsentBytes === 0 && this.#bytesLeft > 0 ? { followedBy: 'the last commits' } : {}
  }
}
