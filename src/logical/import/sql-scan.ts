// Where quoted texts, comments and statements of SQL end, over bytes that may not be whole yet.

/** What decides how SQL is cut into tokens. */
export interface LexicalMode {
  /** ANSI_QUOTES: double quotes hold names. */
  readonly ansiQuotes: boolean
  /** NO_BACKSLASH_ESCAPES: a backslash stands for itself. */
  readonly noBackslashEscapes: boolean
  /** A character set in which the second byte of a character may be a backslash (sjis, cp932, big5, gbk, gb18030). */
  readonly hasBackslashInCharacters: boolean
}

export const plainMode: LexicalMode = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  hasBackslashInCharacters: false,
}

/** The answer where the bytes end before what was looked for does. */
export const needMore = -1

export const char = {
  tab: 0x09,
  lineFeed: 0x0a,
  space: 0x20,
  bang: 0x21,
  doubleQuote: 0x22,
  hash: 0x23,
  quote: 0x27,
  open: 0x28,
  close: 0x29,
  star: 0x2a,
  comma: 0x2c,
  minus: 0x2d,
  slash: 0x2f,
  semicolon: 0x3b,
  upperM: 0x4d,
  backslash: 0x5c,
  backtick: 0x60,
} as const

/** Bytes that are not all of a statement, or all that there is of it. */
export interface ScannedBytes {
  readonly bytes: Buffer
  /** Nothing comes behind these bytes. */
  readonly isLast: boolean
}

export function isSpace(byte: number | undefined): boolean {
  // As my_isspace: blank, TAB, LF, VT, FF, CR.
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

/** Where the text or name in quotes that starts at `at` ends, its closing quote included. */
export function endOfQuoted({ bytes, isLast }: ScannedBytes, at: number, mode: LexicalMode): number {
  const quote = bytes[at]
  const isName = quote === char.backtick || (mode.ansiQuotes && quote === char.doubleQuote)
  const hasEscapes = !isName && !mode.noBackslashEscapes
  const { length } = bytes
  for (let i = at + 1; i < length; i++) {
    const byte = bytes[i]
    if (byte === quote) {
      if (i + 1 === length && !isLast) return needMore
      if (bytes[i + 1] !== quote) return i + 1
      i++
    } else if (byte === char.backslash && hasEscapes) i++
    else if (mode.hasBackslashInCharacters && byte !== undefined && byte >= 0x81) i++
  }
  return needMore
}

/** Where the comment that starts at `at` ends; `at` itself where none starts. Conditional comments are not comments. */
export function endOfComment({ bytes, isLast }: ScannedBytes, at: number): number {
  const byte = bytes[at]
  if (byte === char.hash) return endOfLine(bytes, at, isLast)
  if (byte === char.minus) {
    if (bytes[at + 1] !== char.minus) return at + 1 === bytes.length && !isLast ? needMore : at
    // "-- " is a comment and "--1" is not: what follows must be blank, a control character or nothing.
    if (at + 2 === bytes.length && !isLast) return needMore
    return (bytes[at + 2] ?? 0) <= char.space ? endOfLine(bytes, at, isLast) : at
  }
  if (byte !== char.slash) return at
  if (at + 1 === bytes.length && !isLast) return needMore
  if (bytes[at + 1] !== char.star) return at
  if (at + 4 > bytes.length && !isLast) return needMore
  if (conditionalStart(bytes, at) > 0) return at
  const end = bytes.indexOf('*/', at + 2, 'latin1')
  return end < 0 ? needMore : end + 2
}

/** Where the text of a conditional comment (`/*!`, `/*M!`) that starts at `at` begins, before its version; 0 where there is none. */
export function conditionalStart(bytes: Buffer, at: number): number {
  if (bytes[at] !== char.slash || bytes[at + 1] !== char.star) return 0
  if (bytes[at + 2] === char.bang) return at + 3
  return bytes[at + 2] === char.upperM && bytes[at + 3] === char.bang ? at + 4 : 0
}

function endOfLine(bytes: Buffer, at: number, isLast: boolean): number {
  const end = bytes.indexOf(char.lineFeed, at)
  if (end >= 0) return end + 1
  return isLast ? bytes.length : needMore
}

/**
 * Where the delimiter of the statement that starts at `at` is. The end of the bytes where nothing follows and no quote or comment is
 * open. A delimiter within quotes and comments of all kinds is none.
 */
export function endOfStatement(
  scanned: ScannedBytes,
  at: number,
  delimiter: Buffer,
  mode: LexicalMode,
): number {
  const { bytes, isLast } = scanned
  const first = delimiter[0]
  let isConditional = false
  for (let i = at; i < bytes.length; ) {
    const byte = bytes[i]
    if (byte === char.quote || byte === char.doubleQuote || byte === char.backtick) {
      i = endOfQuoted(scanned, i, mode)
      if (i === needMore) return needMore
      continue
    }
    if (byte === first && !isConditional) {
      if (i + delimiter.length > bytes.length && !isLast) return needMore
      if (bytes.subarray(i, i + delimiter.length).equals(delimiter)) return i
    }
    if (byte === char.star && isConditional && bytes[i + 1] === char.slash) {
      isConditional = false
      i += 2
      continue
    }
    if (byte === char.slash || byte === char.minus || byte === char.hash) {
      const end = endOfComment(scanned, i)
      if (end === needMore) return needMore
      if (end > i) {
        i = end
        continue
      }
      if (!isConditional && conditionalStart(bytes, i) > 0) {
        isConditional = true
        i = conditionalStart(bytes, i)
        continue
      }
    }
    i++
  }
  return isLast && !isConditional ? bytes.length : needMore
}

/** Of a name or number without quotes: letters, digits, _, $ and everything beyond ASCII. */
export function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f ||
    byte === 0x24 ||
    byte >= 0x80
  )
}
