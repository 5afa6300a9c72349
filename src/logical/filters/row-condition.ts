// The condition that chooses rows of a table: one whole expression that the server understands, and nothing beside it.
import { HoldfastError } from '../../core/errors.ts'
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { tokensOf } from '../import/sql-tokens.ts'
import type { RowFilter } from './backup-filters.ts'

/** The condition within parentheses; the line end keeps a comment in it from taking the closing one. */
export function parenthesized(condition: string): string {
  return `(${condition}\n)`
}

/** @throws HoldfastError USAGE with what the server says of it */
export async function checkCondition(
  connection: Connection,
  { schema, name, condition }: RowFilter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const refuse = (problem: string, cause?: unknown): HoldfastError =>
    new HoldfastError(
      'USAGE',
      `--where of ${schema}.${name} is not a condition on its rows: ${problem}`,
      { table: `${schema}.${name}`, condition },
      { cause, hint: "Write it as in a SELECT: --where 'shop.orders:created >= ''2026-01-01'''" },
    )
  // It is joined with the condition of a range by AND: an open end would make rows come twice.
  if (!isBalanced(condition)) throw refuse('its parentheses, quotes or comments do not close')
  try {
    await connection.query(
      `SELECT 1 FROM ${quoteQualified(schema, name)} WHERE ${parenthesized(condition)} LIMIT 0`,
      { signal },
    )
  } catch (error) {
    if (error instanceof HoldfastError && typeof error.details['errno'] === 'number') {
      throw refuse(error.message, error)
    }
    throw error
  }
}

/** In a session whose sql_mode is empty. */
function isBalanced(condition: string): boolean {
  // What is in a conditional comment counts for some servers only.
  if (/\/\*M?!/.test(condition)) return false
  const bytes = Buffer.from(`(${condition}\n)`)
  let depth = 0
  for (const { kind, text, end } of tokensOf(bytes)) {
    if (kind !== 'symbol') continue
    if (text === ';') return false
    if (text === '(') depth++
    if (text === ')') depth--
    if (depth === 0) return end === bytes.length
  }
  return false
}
