// What stands before the rows of an INSERT: the table, and the columns where they are named.
import { NoLiteral, skipBlanks } from './row-values.ts'
import { char, endOfQuoted, isWordByte, type LexicalMode, needMore, type ScannedBytes } from './sql-scan.ts'

export interface InsertHead {
  readonly schema: string | undefined
  readonly table: string
  /** Undefined where the values are for all columns. */
  readonly columns: readonly string[] | undefined
}

/** What comes between INSERT or REPLACE and the name. */
const modifiers = new Set(['INSERT', 'REPLACE', 'LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO'])

/**
 * Parses from INSERT up to VALUES; `end` is behind that.
 * @throws NoLiteral where rows do not come as VALUES
 */
export function parseInsertHead(
  scanned: ScannedBytes,
  at: number,
  mode: LexicalMode,
): typeof needMore | { readonly head: InsertHead; readonly end: number } {
  const tokens = new HeadTokens(scanned, at, mode)
  const next = () => tokens.next()
  let token = next()
  while (token?.kind === 'word' && modifiers.has(token.text.toUpperCase())) token = next()
  const names: string[] = []
  for (;;) {
    if (token === undefined) return needMore
    if (token.kind === 'symbol') throw new NoLiteral(token.at)
    names.push(token.text)
    token = next()
    if (token === undefined) return needMore
    if (token.text !== '.' || token.kind !== 'symbol') break
    token = next()
  }
  const [schema, table] = names.length > 1 ? names : [undefined, ...names]
  if (table === undefined || names.length > 2) throw new NoLiteral(at)
  let columns: string[] | undefined
  if (token.kind === 'symbol' && token.text === '(') {
    columns = []
    do {
      token = next()
      if (token === undefined) return needMore
      if (token.kind === 'symbol') throw new NoLiteral(token.at)
      columns.push(token.text)
      token = next()
      if (token === undefined) return needMore
    } while (token.kind === 'symbol' && token.text === ',')
    if (token.text !== ')' || token.kind !== 'symbol') throw new NoLiteral(token.at)
    token = next()
    if (token === undefined) return needMore
  }
  if (token.kind !== 'word' || !/^VALUES?$/i.test(token.text)) throw new NoLiteral(token.at)
  return { head: { schema, table, columns }, end: tokens.at }
}

interface HeadToken {
  readonly kind: 'word' | 'name' | 'symbol'
  readonly text: string
  readonly at: number
}

/** Undefined when there must be more bytes. */
class HeadTokens {
  readonly #scanned: ScannedBytes
  readonly #mode: LexicalMode
  at: number

  constructor(scanned: ScannedBytes, at: number, mode: LexicalMode) {
    this.#scanned = scanned
    this.#mode = mode
    this.at = at
  }

  next(): HeadToken | undefined {
    const { bytes } = this.#scanned
    const at = skipBlanks(this.#scanned, this.at)
    if (at === needMore) return undefined
    const byte = bytes[at]
    if (byte === char.backtick || (byte === char.doubleQuote && this.#mode.ansiQuotes)) {
      const end = endOfQuoted(this.#scanned, at, this.#mode)
      if (end === needMore) return undefined
      this.at = end
      const quote = String.fromCharCode(byte)
      const text = bytes.toString('utf8', at + 1, end - 1).replaceAll(quote + quote, quote)
      return { kind: 'name', text, at }
    }
    let end = at
    while (isWordByte(bytes[end])) end++
    if (end === bytes.length) return undefined
    const kind = end > at ? 'word' : 'symbol'
    this.at = Math.max(end, at + 1)
    return { kind, text: bytes.toString('utf8', at, this.at), at }
  }
}
