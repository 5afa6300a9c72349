// The tokens of one statement, for telling what it does: with what stands in conditional comments, without other comments.
import {
  conditionalStart,
  endOfComment,
  endOfQuoted,
  isWordByte,
  type LexicalMode,
  plainMode,
} from './sql-scan.ts'

export interface SqlToken {
  /** `name`: in backticks. `text`: in quotes, unescaped. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol'
  readonly text: string
  /** Where it starts and ends in the bytes. */
  readonly start: number
  readonly end: number
}

/** Decides by the version of a conditional comment, such as `80016` or `M100301`, whether its text counts. */
export type IsRun = (version: string) => boolean

export const runAll: IsRun = () => true

/** At most `limit` tokens. Bytes that are cut off end the list. */
export function tokensOf(
  statement: Buffer,
  {
    mode = plainMode,
    limit = Number.POSITIVE_INFINITY,
    isRun = runAll,
  }: { readonly mode?: LexicalMode; readonly limit?: number; readonly isRun?: IsRun } = {},
): readonly SqlToken[] {
  const scanned = { bytes: statement, isLast: true }
  const tokens: SqlToken[] = []
  let isWithin = false
  for (let at = 0; at < statement.length && tokens.length < limit; ) {
    const byte = statement[at] ?? 0
    if (byte <= 0x20) {
      at++
      continue
    }
    if (isWithin && byte === 0x2a && statement[at + 1] === 0x2f) {
      isWithin = false
      at += 2
      continue
    }
    const conditional = conditionalStart(statement, at)
    if (conditional > 0) {
      const version = /^\d{5,6}/.exec(statement.toString('latin1', conditional, conditional + 6))?.[0] ?? ''
      const isMariadb = statement[conditional - 2] === 0x4d
      if (isRun(isMariadb ? `M${version}` : version)) {
        isWithin = true
        at = conditional + version.length
      } else {
        const end = statement.indexOf('*/', conditional, 'latin1')
        at = end < 0 ? statement.length : end + 2
      }
      continue
    }
    const comment = endOfComment(scanned, at)
    if (comment !== at) {
      if (comment < 0) break
      at = comment
      continue
    }
    if (byte === 0x27 || byte === 0x22 || byte === 0x60) {
      const end = endOfQuoted(scanned, at, mode)
      if (end < 0) break
      const isName = byte === 0x60 || (byte === 0x22 && mode.ansiQuotes)
      const body = statement.toString('utf8', at + 1, end - 1)
      const quote = String.fromCharCode(byte)
      tokens.push({
        kind: isName ? 'name' : 'text',
        text:
          isName || mode.noBackslashEscapes
            ? body.replaceAll(quote + quote, quote)
            : unescapedText(body, quote),
        start: at,
        end,
      })
      at = end
      continue
    }
    let end = at
    while (isWordByte(statement[end])) end++
    const kind = end > at ? 'word' : 'symbol'
    end = Math.max(end, at + 1)
    tokens.push({ kind, text: statement.toString('utf8', at, end), start: at, end })
    at = end
  }
  return tokens
}

const escapes: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1A' }

function unescapedText(body: string, quote: string): string {
  return body.replaceAll(/\\([^])|''|""/g, (pair: string, char: string | undefined) => {
    if (char !== undefined) return char === '%' || char === '_' ? pair : (escapes[char] ?? char)
    return pair[0] === quote ? quote : pair
  })
}
