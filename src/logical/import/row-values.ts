// Reads the rows of an INSERT statement, value by value, without copying any.
import {
  char,
  endOfComment,
  endOfQuoted,
  isSpace,
  type LexicalMode,
  needMore,
  type ScannedBytes,
} from './sql-scan.ts'

/** `number`: as it stands there. `text`, `binary`, `utf8`: within the quotes, in the client's character set, as bytes, in utf8mb4. */
export type ValueKind = 'null' | 'default' | 'number' | 'text' | 'binary' | 'utf8' | 'hex' | 'bits'

/** Where a value stands in the bytes: of a quoted one the text between the quotes, of `0x41` and `x'41'` the digits. */
export interface RowValue {
  kind: ValueKind
  start: number
  end: number
}

/** One row; its values are used again for the next one. */
export class ParsedRow {
  readonly #values: RowValue[] = []
  length = 0

  clear(): void {
    this.length = 0
  }

  add(kind: ValueKind, start: number, end: number): void {
    const value = this.#values[this.length]
    if (value === undefined) this.#values.push({ kind, start, end })
    else {
      value.kind = kind
      value.start = start
      value.end = end
    }
    this.length++
  }

  at(index: number): RowValue {
    const value = index < this.length ? this.#values[index] : undefined
    if (value === undefined) throw new RangeError(`a row of ${this.length} values has no value ${index}`)
    return value
  }
}

/** Thrown for what is no row of literals: `found` starts at `at`. */
export class NoLiteral extends Error {
  readonly at: number

  constructor(at: number) {
    super('a value is no literal')
    this.at = at
  }
}

/**
 * Reads the row whose opening parenthesis is at `at` into `row` and answers where it ends, behind the closing one.
 * @throws NoLiteral where a value is an expression
 */
export function parseRow(scanned: ScannedBytes, at: number, mode: LexicalMode, row: ParsedRow): number {
  const { bytes } = scanned
  row.clear()
  let i = at + 1
  for (;;) {
    i = skipBlanks(scanned, i)
    if (i === needMore) return needMore
    i = parseValue(scanned, i, mode, row)
    if (i === needMore) return needMore
    i = skipBlanks(scanned, i)
    if (i === needMore) return needMore
    const byte = bytes[i]
    if (byte === char.close) return i + 1
    if (byte !== char.comma) throw new NoLiteral(i)
    i++
  }
}

/** Over blanks and comments; needMore at the end of the bytes. */
export function skipBlanks(scanned: ScannedBytes, at: number): number {
  const { bytes } = scanned
  for (let i = at; ; ) {
    const byte = bytes[i]
    if (byte === undefined) return needMore
    if (isSpace(byte)) i++
    else if (byte === char.slash || byte === char.hash) {
      const end = endOfComment(scanned, i)
      if (end === needMore || end === i) return end
      i = end
    } else return i
  }
}

function parseValue(scanned: ScannedBytes, at: number, mode: LexicalMode, row: ParsedRow): number {
  const { bytes } = scanned
  const byte = bytes[at]
  if (byte === char.quote || (byte === char.doubleQuote && !mode.ansiQuotes)) {
    return quoted(scanned, at, mode, row, 'text')
  }
  let end = at
  while (isWordByte(bytes[end])) end++
  if (end === bytes.length && !scanned.isLast) return needMore
  if (end === at) throw new NoLiteral(at)
  const first = bytes[at] ?? 0
  if (isDigit(first) || first === char.minus || first === 0x2b || first === 0x2e) {
    return numeral(bytes, at, end, row)
  }
  const word = bytes.toString('latin1', at, end).toUpperCase()
  if (word === 'NULL') row.add('null', at, end)
  else if (word === 'DEFAULT') row.add('default', at, end)
  else if (word === '_BINARY') return afterIntroducer(scanned, end, mode, row)
  else if ((word === 'X' || word === 'B') && bytes[end] === char.quote) {
    return quoted(scanned, end, mode, row, word === 'X' ? 'hex' : 'bits')
  } else if (word === 'CONVERT') return converted(scanned, end, mode, row)
  else throw new NoLiteral(at)
  return end
}

function quoted(
  scanned: ScannedBytes,
  at: number,
  mode: LexicalMode,
  row: ParsedRow,
  kind: ValueKind,
): number {
  const end = endOfQuoted(scanned, at, mode)
  if (end !== needMore) row.add(kind, at + 1, end - 1)
  return end
}

function numeral(bytes: Buffer, at: number, end: number, row: ParsedRow): number {
  const marker = bytes[at] === 0x30 ? bytes[at + 1] : undefined
  if (marker === 0x78 && isAll(bytes, at + 2, end, isHexDigit)) row.add('hex', at + 2, end)
  else if (marker === 0x62 && isAll(bytes, at + 2, end, isBit)) row.add('bits', at + 2, end)
  else {
    if (!isAll(bytes, at, end, isNumberByte)) throw new NoLiteral(at)
    row.add('number', at, end)
  }
  return end
}

/** `_binary 'text'` or `_binary 0x41`. */
function afterIntroducer(scanned: ScannedBytes, at: number, mode: LexicalMode, row: ParsedRow): number {
  const start = skipBlanks(scanned, at)
  if (start === needMore) return needMore
  const first = scanned.bytes[start]
  if (first === char.quote || (first === char.doubleQuote && !mode.ansiQuotes)) {
    return quoted(scanned, start, mode, row, 'binary')
  }
  const end = parseValue(scanned, start, mode, row)
  if (end !== needMore && row.at(row.length - 1).kind !== 'hex') throw new NoLiteral(start)
  return end
}

/** `CONVERT('text' USING utf8mb4)`, as mydumper writes JSON. */
function converted(scanned: ScannedBytes, at: number, mode: LexicalMode, row: ParsedRow): number {
  const { bytes } = scanned
  const open = skipBlanks(scanned, at)
  if (open === needMore) return needMore
  const start = bytes[open] === char.open ? skipBlanks(scanned, open + 1) : open
  if (start === needMore) return needMore
  const isText = bytes[start] === char.quote || (bytes[start] === char.doubleQuote && !mode.ansiQuotes)
  if (bytes[open] !== char.open || !isText) throw new NoLiteral(at)
  const end = quoted(scanned, start, mode, row, 'utf8')
  if (end === needMore) return needMore
  const close = bytes.indexOf(char.close, end)
  if (close < 0) return needMore
  if (!/^\s+USING\s+UTF8MB[34]\s*$/i.test(bytes.toString('latin1', end, Math.min(close, end + 64)))) {
    throw new NoLiteral(end)
  }
  return close + 1
}

function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (
    isDigit(byte) || isLetter(byte) || byte === 0x5f || byte === 0x2e || byte === 0x2b || byte === char.minus
  )
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

/** Whether they make a number is for the server to say. */
function isNumberByte(byte: number): boolean {
  return (
    isDigit(byte) || byte === 0x2e || byte === 0x2b || byte === char.minus || byte === 0x65 || byte === 0x45
  )
}

function isBit(byte: number): boolean {
  return byte === 0x30 || byte === 0x31
}

function isAll(bytes: Buffer, from: number, to: number, test: (byte: number) => boolean): boolean {
  for (let i = from; i < to; i++) if (!test(bytes[i] ?? 0)) return false
  return true
}
