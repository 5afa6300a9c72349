// The words of views, triggers, routines and events, in the bytes and by the rules of the session that each was made in.
import { statementBytes } from '../code.ts'
import type { CodeContent } from '../content.ts'
import type { LexicalMode } from '../import/sql-scan.ts'
import { type SqlToken, tokensOf } from '../import/sql-tokens.ts'

export interface CodeText {
  readonly bytes: Buffer
  readonly tokens: readonly SqlToken[]
}

/** Character sets in which the second byte of a character may be a backslash or a backtick. */
const trickyCharsets = new Set(['sjis', 'cp932', 'big5', 'gbk', 'gb18030'])

export function codeText({ statement, sqlMode, charsetClient }: CodeContent): CodeText {
  const bytes = statementBytes(statement)
  const modes = sqlMode.toUpperCase().split(',')
  const mode: LexicalMode = {
    ansiQuotes: modes.includes('ANSI_QUOTES'),
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
    hasBackslashInCharacters: trickyCharsets.has(charsetClient),
  }
  return { bytes, tokens: tokensOf(bytes, { mode }) }
}

export interface Replacement {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** `replacements` in their order, none within another. */
export function replaced(bytes: Buffer, replacements: readonly Replacement[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { start, end, text } of replacements) {
    parts.push(bytes.subarray(at, start), Buffer.from(text))
    at = end
  }
  return Buffer.concat([...parts, bytes.subarray(at)])
}

export function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase())
}

export function isSymbol(token: SqlToken | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol
}

const kindWords = ['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE']

/** Where the word stands that says what is created; -1 where there is none. All that a body can say comes behind it. */
export function kindWordAt(tokens: readonly SqlToken[]): number {
  return tokens.findIndex((token) => isWord(token, ...kindWords))
}
