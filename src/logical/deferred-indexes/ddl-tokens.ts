// The words, names, texts and comments of a definition as SHOW CREATE TABLE prints it.

export interface DdlToken {
  /** A number is a word. */
  readonly kind: 'word' | 'name' | 'text' | 'comment' | 'symbol'
  readonly start: number
  readonly end: number
  /** A word in upper case, a name without its backticks, else as it stands. */
  readonly value: string
}

const space = /\s/
const wordCharacter = /[\w$\u0080-\uFFFF]/

/** Undefined where it is not the text of a server: a quote or a comment without an end, or a comment to the end of a line. */
export function ddlTokens(ddl: string): readonly DdlToken[] | undefined {
  const tokens: DdlToken[] = []
  for (let at = 0; at < ddl.length; ) {
    if (space.test(ddl.charAt(at))) {
      at++
      continue
    }
    const token = tokenAt(ddl, at)
    if (token === undefined) return undefined
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function tokenAt(ddl: string, start: number): DdlToken | undefined {
  const first = ddl.charAt(start)
  if (first === '`') {
    const end = quoteEnd(ddl, start, first)
    if (end === undefined) return undefined
    return { kind: 'name', start, end, value: ddl.slice(start + 1, end - 1).replaceAll('``', '`') }
  }
  if (first === "'" || first === '"') return spanning('text', ddl, start, quoteEnd(ddl, start, first))
  if (ddl.startsWith('/*', start)) return spanning('comment', ddl, start, commentEnd(ddl, start))
  if (first === '#' || /^--\s/.test(ddl.slice(start, start + 3))) return undefined
  if (!wordCharacter.test(first)) return { kind: 'symbol', start, end: start + 1, value: first }
  let end = start + 1
  while (end < ddl.length && wordCharacter.test(ddl.charAt(end))) end++
  return { kind: 'word', start, end, value: ddl.slice(start, end).toUpperCase() }
}

function spanning(
  kind: DdlToken['kind'],
  ddl: string,
  start: number,
  end: number | undefined,
): DdlToken | undefined {
  return end === undefined ? undefined : { kind, start, end, value: ddl.slice(start, end) }
}

/** Behind the closing quote: one that is doubled, or behind a backslash (not in names), does not close. */
function quoteEnd(ddl: string, start: number, quote: string): number | undefined {
  for (let at = start + 1; at < ddl.length; at++) {
    const character = ddl.charAt(at)
    if (character === '\\' && quote !== '`') at++
    else if (character === quote && ddl.charAt(at + 1) === quote) at++
    else if (character === quote) return at + 1
  }
  return undefined
}

/** Comments of servers hold SQL for those that know it: an end within quotes is none. */
function commentEnd(ddl: string, start: number): number | undefined {
  const isSql = /^\/\*M?!/.test(ddl.slice(start, start + 4))
  for (let at = start + 2; at < ddl.length; at++) {
    if (ddl.startsWith('*/', at)) return at + 2
    const character = ddl.charAt(at)
    if (!isSql || !['`', "'", '"'].includes(character)) continue
    const end = quoteEnd(ddl, at, character)
    if (end === undefined) return undefined
    at = end - 1
  }
  return undefined
}
