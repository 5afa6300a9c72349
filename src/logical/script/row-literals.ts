// Rows of LOAD DATA text as the tuples of an INSERT statement, in text that is valid UTF-8.
import { isUtf8 } from 'node:buffer'
import type { TableContent } from '../content.ts'
import { decode } from '../load-statement.ts'

const tab = 0x09
const lineFeed = 0x0a
const substitute = 0x1a
const quote = 0x27
const backslash = 0x5c
const nullCell = Buffer.from('\\N')
const nullLiteral = Buffer.from('NULL')
const binaryIntroducer = Buffer.from("_binary'")
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

/** The cells of a row, still escaped. */
export function* cellsOf(row: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = row.indexOf(tab); end >= 0; end = row.indexOf(tab, start)) {
    yield row.subarray(start, end)
    start = end + 1
  }
  yield row.subarray(start)
}

/** Makes tuples for one table. */
export class RowLiterals {
  readonly #wraps: readonly (readonly [before: Buffer, after: Buffer])[]

  constructor(table: TableContent) {
    this.#wraps = table.columns.map((column) => {
      const [before = '', after = ''] = decode(column, '\0').split('\0')
      return [Buffer.from(before), Buffer.from(after)]
    })
  }

  /** `(…, …)` */
  tuple(row: Buffer): Buffer {
    const isText = isUtf8(row)
    const parts: Buffer[] = []
    let column = 0
    for (const cell of cellsOf(row)) {
      const [before, after] = this.#wraps[column] ?? [nothing, nothing]
      parts.push(column === 0 ? opening : comma, before, literal(cell, isText || isUtf8(cell)), after)
      column += 1
    }
    parts.push(closing)
    return Buffer.concat(parts)
  }
}

const nothing = Buffer.alloc(0)
const opening = Buffer.from('(')
const comma = Buffer.from(',')
const closing = Buffer.from(')')

/**
 * As bytes, whatever the character set of the session. A cell's escapes mean the same within quotes; only the quote is to be escaped. Bytes
 * that are no text are written in hex: text editors, and clients that think in characters, would spoil them.
 */
function literal(cell: Buffer, isText: boolean): Buffer {
  if (cell.equals(nullCell)) return nullLiteral
  if (!isText || cell.includes(substitute))
    return Buffer.from(`_binary x'${unescaped(cell).toString('hex')}'`)
  const parts: Buffer[] = [binaryIntroducer]
  let start = 0
  for (let at = cell.indexOf(quote); at >= 0; at = cell.indexOf(quote, at + 1)) {
    parts.push(cell.subarray(start, at), Buffer.from("\\'"))
    start = at + 1
  }
  parts.push(cell.subarray(start), Buffer.from("'"))
  return Buffer.concat(parts)
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
