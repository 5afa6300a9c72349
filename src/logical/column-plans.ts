// The ways to select a column that both flavours share.
import type { ColumnFacts, ColumnPlan } from './dialect.ts'

/**
 * FLOAT prints 6 digits only and DOUBLE(M,D) only D decimals; times 1e0 both are a plain DOUBLE, which prints the shortest digits that
 * read back as the same number, and a FLOAT is exact in it.
 */
export const floatingPlan: ColumnPlan = { select: (quoted) => `${quoted} * 1e0`, encoding: 'plain' }

/**
 * An ENUM whose members include '' cannot be told from its error value 0 by its text, so it goes as its number.
 */
export function plainPlan(column: ColumnFacts): ColumnPlan {
  if (column.type === 'enum') {
    return /[(,]''[,)]/.test(column.fullType)
      ? { select: (quoted) => `${quoted} + 0`, encoding: 'number' }
      : { select: (quoted) => quoted, encoding: 'enum' }
  }
  return { select: (quoted) => quoted, encoding: 'plain' }
}
