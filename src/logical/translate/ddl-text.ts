// Definitions as SHOW CREATE prints them, opened up for edits: with what stands in conditional comments in the open.
import { HoldfastError } from '../../core/errors.ts'
import { type DdlToken, ddlTokens } from '../deferred-indexes/ddl-tokens.ts'
import type { Replacement } from '../reshape/code-text.ts'

/** @throws HoldfastError UNSUPPORTED naming `object` where the text is not one of a server */
export function tokensIn(text: string, object: string): readonly DdlToken[] {
  const tokens = ddlTokens(text)
  if (tokens !== undefined) return tokens
  throw new HoldfastError('UNSUPPORTED', `the definition of ${object} cannot be read`, { object })
}

const conditional = /^\/\*M?!(?:\d{5,6})?(.*)\*\/$/s

/** The server that printed it runs what is in its conditional comments; another would decide by its own version. */
export function unwrapped(ddl: string, object: string): string {
  return edited(
    ddl,
    tokensIn(ddl, object)
      .filter(({ kind }) => kind === 'comment')
      .map(({ start, end, value }) => ({ start, end, text: conditional.exec(value)?.[1]?.trim() ?? '' })),
  )
}

/** Replaces stretches: `edits` in their order, none within another. */
export function edited(text: string, edits: readonly Replacement[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end, text: by } of edits) {
    parts.push(text.slice(at, start), by)
    at = end
  }
  return parts.join('') + text.slice(at)
}

export function isWord(token: DdlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.value)
}

export function isSymbol(token: DdlToken | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.value === symbol
}

/** Where the parenthesis that opens at `at` closes; the last token where it does not. */
export function closingAt(tokens: readonly DdlToken[], at: number): number {
  let depth = 0
  for (let i = at; i < tokens.length; i++) {
    if (isSymbol(tokens[i], '(')) depth++
    if (isSymbol(tokens[i], ')') && --depth === 0) return i
  }
  return tokens.length - 1
}

/** The text of these tokens as it stands. */
export function textOfTokens(text: string, tokens: readonly DdlToken[]): string {
  const [first] = tokens
  const last = tokens.at(-1)
  return first === undefined || last === undefined ? '' : text.slice(first.start, last.end)
}
