// Which column of a table counts by itself.
import { tokensOf } from './import/sql-tokens.ts'
import { isSymbol, isWord } from './reshape/code-text.ts'

/** The name of the column with AUTO_INCREMENT, of which a table has one at most. */
export function autoIncrementColumn(ddl: string): string | undefined {
  const tokens = tokensOf(Buffer.from(ddl))
  let depth = 0
  let column: string | undefined
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1]
    if (depth === 1 && (isSymbol(before, '(') || isSymbol(before, ','))) column = token.text
    if (isSymbol(token, '(')) depth++
    if (isSymbol(token, ')')) depth--
    // Outside of the brackets it is the next value.
    if (depth === 1 && isWord(token, 'AUTO_INCREMENT')) return column
  }
  return undefined
}
