// The fixed grid that files are cut at: which cell a byte lies in, and which pieces of a span lie in which cells.

/** 256 KiB: whole pages of every size from 1 KiB to 64 KiB. Also a part of the format: see docs/format/physical-content.md. */
export const cellBytes = 256 * 1024

/** A piece of a span that lies in one cell. */
export interface CellSpan {
  readonly cell: number
  /** Within the cell. */
  readonly start: number
  readonly end: number
}

/** The pieces of `[offset, offset + length)`, in order. */
export function* cellSpans(offset: number, length: number): Generator<CellSpan> {
  for (let at = offset; at < offset + length; ) {
    const cell = Math.floor(at / cellBytes)
    const base = cell * cellBytes
    const end = Math.min(offset + length, base + cellBytes)
    yield { cell, start: at - base, end: end - base }
    at = end
  }
}

/** How many cells a file of this length has. */
export function cellsOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / cellBytes)
}
