// A piece of a file on its way into a backup, without what is zeros: cells of them are holes already.
import { cellBytes } from '../grid.ts'
import type { IntakeFile } from './file-intake.ts'
import { isAllZeros } from './poured-cells.ts'

/** `offset` is that of a cell. */
export async function pourPiece(
  to: IntakeFile,
  offset: number,
  bytes: Buffer,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += cellBytes) {
    const cell = bytes.subarray(at, at + cellBytes)
    if (!isAllZeros(cell)) await to.write(offset + at, cell, signal)
  }
}
