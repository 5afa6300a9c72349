// Whether a file was written to since it was looked at.
import type { BigIntStats } from 'node:fs'

/**
 * A file system notes times by a clock that ticks every few milliseconds, so two writes may have one time: what was written to less than
 * this before it was looked at counts as changed.
 */
const tickMs = 1000

export interface FileState {
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  /** When it was looked at. */
  readonly atMs: number
}

export function fileState({ ino, size, mtimeNs, ctimeNs }: BigIntStats): FileState {
  return { ino, size, mtimeNs, ctimeNs, atMs: Date.now() }
}

/** False where it cannot be told. */
export function isUnwritten(before: FileState, now: BigIntStats): boolean {
  return (
    before.ino === now.ino &&
    before.size === now.size &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs &&
    Number(now.mtimeNs / 1_000_000n) < before.atMs - tickMs
  )
}
