// How much text all tables will come to: the server's guess at first, corrected by what is read.
import type { ExpectedTotal } from '../core/row-progress.ts'

export interface ExpectedTable {
  readonly object: string
  /** As the server counts them: pages of the table, which are more or less than the text of its rows. */
  readonly estimatedBytes: number
  /** The server's guess, which may be off by half; 0 where it has none. */
  readonly estimatedRows: number
}

interface Begun {
  readonly table: ExpectedTable
  bytes: number
  rows: number
  /** Slices that are being read. */
  open: number
  /** No slice is left to be given out. */
  isExhausted: boolean
}

// So much text stands for "text is as long as pages" before anything else is known: small tables that come first tell little of large ones.
const priorBytes = 16 * 1024 * 1024
// Fewer rows tell nothing of how long the others are.
const tellingRows = 100
// A table beyond its guess makes the total uncertain when it is not small beside the rest.
const uncertainShare = 0.01

export class ReadEstimate {
  readonly #begun = new Map<string, Begun>()
  /** What the server guesses of tables that nobody has begun. */
  #untouchedBytes = 0
  #finished = 0
  readonly #count: number
  #finishedBytes = 0
  #finishedGuess = 0

  constructor(tables: readonly ExpectedTable[]) {
    this.#count = tables.length
    for (const { estimatedBytes } of tables) this.#untouchedBytes += estimatedBytes
  }

  /** A slice of the table, or all of it, is being read. */
  enter(table: ExpectedTable): void {
    this.#of(table).open++
  }

  add(table: ExpectedTable, bytes: number, rows: number): void {
    const begun = this.#of(table)
    begun.bytes += bytes
    begun.rows += rows
  }

  /** That slice is read. */
  leave(table: ExpectedTable): void {
    const begun = this.#of(table)
    begun.open--
    this.#finishIfRead(begun)
  }

  /** The slices that were entered are all there are. */
  exhaust(table: ExpectedTable): void {
    const begun = this.#of(table)
    begun.isExhausted = true
    this.#finishIfRead(begun)
  }

  /** In bytes of text. */
  expected(): ExpectedTotal {
    let text = this.#finishedBytes
    let guess = this.#finishedGuess
    let done = this.#finishedBytes
    for (const begun of this.#begun.values()) {
      done += begun.bytes
      text += lengthOf(begun)
      guess += begun.table.estimatedBytes
    }
    const textPerByte = (text + priorBytes) / (guess + priorBytes)
    const total = Math.round(text + this.#untouchedBytes * textPerByte)
    if (this.#finished === this.#count) return { total }
    const isAtLeast = [...this.#begun.values()].some(
      (begun) => isBeyond(begun) && begun.bytes >= uncertainShare * total,
    )
    return { total: Math.max(total, done), isEstimate: true, ...(isAtLeast ? { isAtLeast } : {}) }
  }

  #of(table: ExpectedTable): Begun {
    let begun = this.#begun.get(table.object)
    if (begun === undefined) {
      begun = { table, bytes: 0, rows: 0, open: 0, isExhausted: false }
      this.#begun.set(table.object, begun)
      this.#untouchedBytes -= table.estimatedBytes
    }
    return begun
  }

  #finishIfRead({ table, bytes, open, isExhausted }: Begun): void {
    if (!isExhausted || open > 0) return
    this.#begun.delete(table.object)
    this.#finished++
    this.#finishedBytes += bytes
    this.#finishedGuess += table.estimatedBytes
  }
}

/** From the length of the rows so far and the guess of their number; never less than there is. */
function lengthOf({ table, bytes, rows }: Begun): number {
  if (rows < tellingRows || table.estimatedRows === 0) return Math.max(table.estimatedBytes, bytes)
  return (bytes / rows) * Math.max(rows, table.estimatedRows)
}

/** Where the table ends nobody knows. */
function isBeyond({ table, bytes, rows }: Begun): boolean {
  return table.estimatedRows === 0 ? bytes >= table.estimatedBytes : rows >= table.estimatedRows
}
