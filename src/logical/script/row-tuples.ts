// Rows of LOAD DATA text as the tuples of an INSERT statement, in text that is valid UTF-8.
import { isUtf8 } from 'node:buffer'
import type { TableContent } from '../content.ts'
import { decode } from '../load-statement.ts'

const tab = 0x09
const lineFeed = 0x0a
const substitute = 0x1a
const quote = 0x27
const backslash = 0x5c
const comma = 0x2c
const openingParenthesis = 0x28
const closingParenthesis = 0x29
const capitalN = 0x4e
const escapes: ReadonlyMap<number, number> = new Map([
  [0x30, 0x00], // \0
  [0x74, tab], // \t
  [0x6e, lineFeed], // \n
])

/** The rows of some text, each without its LF. Text ends at a row end. */
export async function* rowsOf(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const bytes of text) {
    let start = 0
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      const row = bytes.subarray(start, end)
      yield begun.length === 0 ? row : Buffer.concat([...begun, row])
      begun = []
      start = end + 1
    }
    if (start < bytes.length) begun.push(bytes.subarray(start))
  }
}

const wordNull = Buffer.from('NULL')
const opening = Buffer.from("_binary'")
const hexOpening = Buffer.from("_binary x'")
const nothing = Buffer.alloc(0)

/**
 * Tuples of one table, `(…),\n(…)`, gathered in one buffer. Cells are written as bytes, whatever the character set of the session; their
 * escapes mean the same within quotes, and only the quote is to be escaped. Bytes that are no text are written in hex: text editors, and
 * clients that think in characters, would spoil them.
 */
export class RowTuples {
  readonly #wraps: readonly (readonly [before: Buffer, after: Buffer])[]
  /** The most that a tuple has besides its cells. */
  readonly #frameBytes: number
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #length = 0

  constructor(table: TableContent) {
    this.#wraps = table.columns.map((column) => {
      const [before = '', after = ''] = decode(column, '\0').split('\0')
      return [Buffer.from(before), Buffer.from(after)]
    })
    const perCell = hexOpening.length + 2
    this.#frameBytes = this.#wraps.reduce(
      (sum, [before, after]) => sum + before.length + after.length + perCell,
      perCell + 8,
    )
  }

  get length(): number {
    return this.#length
  }

  /** `row` is a row of LOAD DATA text without its LF. */
  add(row: Buffer): void {
    // Hex and a quote in each byte are the worst that can be.
    this.#reserve(this.#frameBytes + 2 * row.length)
    if (this.#length > 0) this.#put(comma, lineFeed)
    this.#put(openingParenthesis)
    const isText = isUtf8(row) && !row.includes(substitute)
    let column = 0
    for (let start = 0; start <= row.length; column++) {
      const [before, after] = this.#wraps[column] ?? [nothing, nothing]
      if (column > 0) this.#put(comma)
      this.#copy(before)
      start = this.#cell(row, start, isText) + 1
      this.#copy(after)
    }
    this.#put(closingParenthesis)
  }

  /** The tuples so far; the next one begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  /** Answers where the cell ends. */
  #cell(row: Buffer, start: number, isText: boolean): number {
    if (row[start] === backslash && row[start + 1] === capitalN) {
      this.#copy(wordNull)
      return start + 2
    }
    if (!isText) {
      const found = row.indexOf(tab, start)
      const end = found < 0 ? row.length : found
      const cell = row.subarray(start, end)
      if (!isUtf8(cell) || cell.includes(substitute)) {
        this.#hex(cell)
        return end
      }
    }
    this.#copy(opening)
    const bytes = this.#bytes
    let to = this.#length
    let at = start
    for (; at < row.length; at++) {
      const byte = row[at] ?? tab
      if (byte === tab) break
      if (byte === quote) bytes[to++] = backslash
      bytes[to++] = byte
    }
    this.#length = to
    this.#put(quote)
    return at
  }

  #hex(cell: Buffer): void {
    this.#copy(hexOpening)
    this.#length += this.#bytes.write(unescaped(cell).toString('hex'), this.#length, 'latin1')
    this.#put(quote)
  }

  #put(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#bytes[this.#length++] = byte
  }

  #copy(part: Buffer): void {
    this.#length += part.copy(this.#bytes, this.#length)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

function unescaped(cell: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(cell.length)
  let length = 0
  let start = 0
  for (let at = cell.indexOf(backslash); at >= 0; at = cell.indexOf(backslash, start)) {
    length += cell.copy(bytes, length, start, at)
    const escaped = cell[at + 1] ?? backslash
    bytes[length++] = escapes.get(escaped) ?? escaped
    start = at + 2
  }
  length += cell.copy(bytes, length, start)
  return bytes.subarray(0, length)
}
