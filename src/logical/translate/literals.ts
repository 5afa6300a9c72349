// Strings with a character set before them, as MySQL prints them in every expression.
import { edited, tokensIn } from './ddl-text.ts'
import type { TableContext } from './table-context.ts'

const escapes: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1A' }

/**
 * MariaDB keeps expressions as text and reads them again, and of such a string it writes bytes beyond ASCII as the letters of an escape
 * (_utf8mb4'é' becomes _utf8mb4'xC3xA9'): these go as hex through CONVERT, which it keeps.
 */
export function withKnownLiterals(text: string, { object, target, isOtherFlavour }: TableContext): string {
  if (!isOtherFlavour || target.flavour !== 'mariadb') return text
  const tokens = tokensIn(text, object)
  const edits = tokens.flatMap((token, at) => {
    const charset = token.kind === 'word' ? /^_(\w+)$/.exec(token.value)?.[1]?.toLowerCase() : undefined
    if (charset === undefined || !target.charsets.has(charset)) return []
    const next = tokens[at + 1]
    // x'…' is a word and a text.
    const [body, isHex] = next?.kind === 'word' && next.value === 'X' ? [tokens[at + 2], true] : [next, false]
    if (body?.kind !== 'text') return []
    const hex = isHex ? body.value.slice(1, -1) : Buffer.from(unescaped(body.value)).toString('hex')
    const isAscii = !isHex && /^(?:[0-7][0-9a-f])*$/.test(hex)
    if (!isAscii) return [{ start: token.start, end: body.end, text: `convert(x'${hex}' using ${charset})` }]
    // Of a session in utf8mb4.
    return charset === 'utf8mb4' ? [{ start: token.start, end: body.start, text: '' }] : []
  })
  return edited(text, edits)
}

function unescaped(literal: string): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\([^])|''/g, (_, char: string | undefined) =>
      char === undefined ? "'" : (escapes[char] ?? char),
    )
}
