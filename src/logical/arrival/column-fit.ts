// Whether a column of a target takes every value of a column of a backup as it is.
import type { DumpedColumn } from '../import/table-columns.ts'

export interface FittedColumn extends Pick<DumpedColumn, 'type' | 'fullType' | 'charset' | 'members'> {
  readonly isUnsigned: boolean
}

/** Only what is certain: the same type, or one that is wider in a way that changes no value. */
export function fits(from: FittedColumn, to: FittedColumn): boolean {
  if (!isCharsetKept(from.charset, to.charset)) return false
  for (const family of families) {
    const [one, other] = [family.indexOf(from.type), family.indexOf(to.type)]
    if (one >= 0 && other >= 0) return other >= one && isSizeKept(from, to)
  }
  return from.type === to.type && isSizeKept(from, to)
}

/** From narrow to wide. A `char` has no blanks at its end, so that a `varchar` takes it. */
const families: readonly (readonly string[])[] = [
  ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'],
  ['tinytext', 'text', 'mediumtext', 'longtext'],
  ['tinyblob', 'blob', 'mediumblob', 'longblob'],
  ['char', 'varchar'],
  ['float', 'double'],
]

const timed = new Set(['datetime', 'timestamp', 'time'])
const sized = new Set(['char', 'varchar', 'varbinary'])
const integers = new Set(families[0])

function isSizeKept(from: FittedColumn, to: FittedColumn): boolean {
  const { type } = from
  if (integers.has(type)) {
    // One more bit for the sign.
    return from.isUnsigned === to.isUnsigned || (from.isUnsigned && to.type !== type)
  }
  const [one, other] = [sizesOf(from), sizesOf(to)]
  if (type === 'decimal') {
    const [digits = 10, decimals = 0] = one
    const [toDigits = 10, toDecimals = 0] = other
    const isSigned = from.isUnsigned || !to.isUnsigned
    return isSigned && toDecimals >= decimals && toDigits - toDecimals >= digits - decimals
  }
  if (sized.has(type)) return (other[0] ?? 1) >= (one[0] ?? 1)
  if (timed.has(type)) return (other[0] ?? 0) >= (one[0] ?? 0)
  if (type === 'enum' || type === 'set') return from.members.every((member, at) => to.members[at] === member)
  // A display width says nothing; digits of FLOAT(M,D) are rounded to.
  if (type === 'float' || type === 'double') {
    return (from.isUnsigned || !to.isUnsigned) && (to.fullType === to.type || to.fullType === from.fullType)
  }
  if (type === 'year' || type.endsWith('text') || type.endsWith('blob')) return true
  return from.fullType.toLowerCase() === to.fullType.toLowerCase()
}

function sizesOf({ fullType }: FittedColumn): readonly number[] {
  const [, list = ''] = /\(([\d,]*)\)/.exec(fullType) ?? []
  return list === '' ? [] : list.split(',').map(Number)
}

/** Rows are bytes of the column's character set: only those in which these bytes mean the same. */
function isCharsetKept(from: string | undefined, to: string | undefined): boolean {
  if (from === to) return true
  if (from === undefined || to === undefined) return false
  const [one, other] = [plain(from), plain(to)]
  if (one === other) return true
  if (one === 'utf8mb3') return other === 'utf8mb4'
  return one === 'ascii' && ['utf8mb3', 'utf8mb4', 'latin1'].includes(other)
}

function plain(charset: string): string {
  return charset === 'utf8' ? 'utf8mb3' : charset
}
