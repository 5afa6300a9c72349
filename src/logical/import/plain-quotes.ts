// A definition as it reads in every session: names in backticks, and texts that no sql_mode reads in another way.
import { char, type LexicalMode } from './sql-scan.ts'
import { type SqlToken, tokensOf } from './sql-tokens.ts'

/**
 * Tables are made in the mode of the restore, not in that of the dump (ANSI_QUOTES, NO_BACKSLASH_ESCAPES); so their definitions are
 * quoted anew. Bytes, since texts may be in several character sets.
 */
export function inPlainQuotes(statement: Buffer, mode: LexicalMode): Buffer {
  if (!mode.ansiQuotes && !mode.noBackslashEscapes) return statement
  const parts: Buffer[] = []
  let from = 0
  for (const token of tokensOf(statement, { mode })) {
    const quoted = requoted(statement, token, mode)
    if (quoted === undefined) continue
    parts.push(statement.subarray(from, token.start), quoted)
    from = token.end
  }
  parts.push(statement.subarray(from))
  return Buffer.concat(parts)
}

/** Undefined where it stays as it is. */
function requoted(
  statement: Buffer,
  { kind, start, end }: SqlToken,
  { noBackslashEscapes }: LexicalMode,
): Buffer | undefined {
  const quote = statement[start]
  const body = statement.toString('latin1', start + 1, end - 1)
  if (kind === 'name' && quote === char.doubleQuote) {
    return Buffer.from(`\`${body.replaceAll('""', '"').replaceAll('`', '``')}\``, 'latin1')
  }
  if (kind !== 'text' || !noBackslashEscapes || !body.includes('\\')) return undefined
  const sign = String.fromCharCode(quote ?? char.quote)
  return Buffer.from(`${sign}${body.replaceAll('\\', '\\\\')}${sign}`, 'latin1')
}
