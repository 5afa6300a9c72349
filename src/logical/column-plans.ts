// The ways to select a column that both flavours share.
import type { ColumnFacts, ColumnPlan } from './dialect.ts'

/**
 * FLOAT prints 6 digits only and DOUBLE(M,D) only D decimals; times 1e0 both are a plain DOUBLE, which prints the shortest digits that
 * read back as the same number, and a FLOAT is exact in it.
 */
export const floatingPlan: ColumnPlan = { select: (quoted) => `${quoted} * 1e0`, encoding: 'plain' }

/**
 * An ENUM whose members include '' cannot be told from its error value 0 by its text, nor a SET's member '' from no member at all, so
 * they go as their number. A SET has up to 64 bits: as CAST, since + 0 would be a DOUBLE.
 */
export function plainPlan(column: ColumnFacts): ColumnPlan {
  const hasEmptyMember = /[(,]''[,)]/.test(column.fullType)
  if ((column.type === 'enum' || column.type === 'set') && hasEmptyMember) {
    return { select: (quoted) => `CAST(${quoted} AS UNSIGNED)`, encoding: 'number' }
  }
  return { select: (quoted) => quoted, encoding: column.type === 'enum' ? 'enum' : 'plain' }
}
