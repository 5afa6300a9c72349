// Recovery points in words that a person can read and type again.
import type { RecoveryPoint } from './recovery-point.ts'

/** `2026-03-29T14:05:09.250000Z`; whole seconds without a fraction. */
export function isoMicros(micros: number): string {
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000
  const seconds = new Date((micros - fraction) / 1000).toISOString().slice(0, 19)
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(6, '0')}Z`
}

/** Time, then file and offset where known. */
export function describePoint({ timeMicros, position }: RecoveryPoint): string {
  const place = position === undefined ? '' : ` (${position.file}:${position.offset})`
  return `${isoMicros(timeMicros)}${place}`
}
