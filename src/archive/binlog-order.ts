// Which of two places in a source's binary log comes first: files are numbered at the end of their names.
import type { BinlogPosition } from '../core/recovery-point.ts'

/** True when `a` is `b` or lies behind it. Both must be of one server. */
export function isAtOrAfter(a: BinlogPosition, b: BinlogPosition): boolean {
  if (a.file === b.file) return a.offset >= b.offset
  return fileNumber(a.file) > fileNumber(b.file)
}

/** The file that a server opens after this one; undefined for a name without a number. */
export function nextFileName(file: string): string | undefined {
  const [, base, digits] = /^(.*\.)(\d+)$/s.exec(file) ?? []
  if (base === undefined || digits === undefined) return undefined
  return `${base}${String(Number(digits) + 1).padStart(digits.length, '0')}`
}

function fileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
}
