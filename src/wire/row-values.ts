// Single values of a row, as the one type the caller counts on.
import assert from 'node:assert/strict'
import type { Row, SqlValue } from './results.ts'

/** A value that must be there as text. Numbers are given as their digits. */
export function textOf(row: Row, column: string): string {
  const value = textOrNull(row, column)
  assert(value !== null, `column ${column} is NULL`)
  return value
}

export function textOrNull(row: Row, column: string): string | null {
  const value = valueOf(row, column)
  if (value === null || typeof value === 'string') return value
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}

/** A value that must be there and be a number; digits in a text count. */
export function numberOf(row: Row, column: string): number {
  const value = valueOf(row, column)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  assert(
    typeof number === 'number' && !Number.isNaN(number),
    `column ${column} is no number: ${String(value)}`,
  )
  return number
}

/** A value that must be there and be a whole number of any size; digits in a text count. */
export function bigintOf(row: Row, column: string): bigint {
  return BigInt(textOf(row, column))
}

function valueOf(row: Row, column: string): SqlValue {
  const value = row[column]
  assert(value !== undefined, `no column ${column} in the result; it has ${Object.keys(row).join(', ')}`)
  return value
}
