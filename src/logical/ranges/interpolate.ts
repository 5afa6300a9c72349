// Guesses a key between two others. A bad guess costs evenness, never rows: the server decides which rows are on which side of it.
import { type KeyColumn, valueOf } from './key-column.ts'
import type { KeyTuple } from './key-range.ts'
import { numberLines } from './number-line.ts'
import { bytesBetween, type Fraction, foldText, isBinaryOrder, textBetween } from './text-line.ts'

/**
 * A key above `low` and not above `high`, about `fraction` of the way, as far as we know the order of its values. It has the leading columns
 * up to the first one in which the two differ. Undefined when they do not differ, or there is nothing to go by.
 * @param way raised when what came of it was not between the two
 */
export function tupleBetween(
  columns: readonly KeyColumn[],
  low: KeyTuple,
  high: KeyTuple,
  fraction: Fraction,
  way = 0,
): KeyTuple | undefined {
  for (const [at, column] of columns.entries()) {
    const [from, to] = [low[at], high[at]]
    if (from === undefined || to === undefined) return undefined
    const isLast = at === columns.length - 1
    // Values that a collation takes for one (a, A) may lie in any order; the next column decides.
    if (from.sql === to.sql || (!isLast && isSame(column, from.text, to.text))) continue
    const text = between(column, from.text, to.text, fraction, way)
    return text === undefined ? undefined : [...low.slice(0, at), valueOf(column, text)]
  }
  return undefined
}

function isSame(column: KeyColumn, one: string, other: string): boolean {
  if (column.kind !== 'text' || isBinaryOrder(column)) return false
  return foldText(one).trimEnd() === foldText(other).trimEnd()
}

function between(
  column: KeyColumn,
  low: string,
  high: string,
  fraction: Fraction,
  way: number,
): string | undefined {
  if (column.kind === 'text') return textBetween(low, high, fraction, column, way)
  if (column.kind === 'binary') return bytesBetween(low, high, fraction)
  const line = numberLines[column.kind]
  const [from, to] = [line?.point(low), line?.point(high)]
  if (line === undefined || from === undefined || to === undefined || from >= to) return undefined
  const step = ((to - from) * fraction.part) / fraction.of
  return line.value(from + (step === 0n ? 1n : step), low)
}
