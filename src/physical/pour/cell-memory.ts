// What is remembered of the cells that the backup before stored: whether one is the same again, and which of its blocks are not.
import { cellBytes } from '../grid.ts'
import { type Fingerprints, fingerprintBytes } from './fingerprint.ts'

/** 16 KiB: a page of InnoDB as nearly every server has it. Smaller pages share a block, larger ones have several. */
export const blockBytes = 16 * 1024
export const cellBlocks = cellBytes / blockBytes

/** What of a cell is in a delta, and how. */
export interface DeltaMark {
  /** Bit n: block n is in it. Never 0. */
  readonly blocks: number
  /** Its bytes are to be XORed with what is there. */
  readonly isXor: boolean
}

/** What makes a cell of its base another: laid over it before any patch. */
export interface CellDelta extends DeltaMark {
  readonly id: string
}

/** How a cell is stored. */
export interface KeptCell {
  readonly base: { readonly id: string; readonly plainBytes: number }
  readonly delta: CellDelta | undefined
}

export interface RememberedCell extends KeptCell {
  /** Fingerprint of base and delta together, with zeros up to the full length of a cell. What was laid over them later is not in it. */
  readonly content: Buffer
  /** Fingerprint of the base alone. */
  readonly baseContent: Buffer
  /** Fingerprints of the blocks of the base, joined; absent where the host that stored it could read it again. */
  readonly blocks: Buffer | undefined
}

/** Of one file of the backup that is being made. */
export interface FileNotes {
  /** What is noted stays true whatever becomes of the cell, even when another takes its place in the file. */
  note(cell: number, remembered: RememberedCell): void
}

export interface CellMemory {
  readonly fingerprints: Fingerprints
  /** What the backup before had under this name. */
  recall(path: string, cell: number): RememberedCell | undefined
  begin(): FileNotes
  /** The files of the backup under their last names. What is not among them is forgotten. */
  finish(files: Iterable<readonly [path: string, notes: FileNotes]>): void
  /** True when the repository has the chunk, so that the backup may name it. */
  holds(id: string): Promise<boolean>
  /** This host has a key to what earlier backups have stored. */
  readonly canRead: boolean
  /** The bytes of a chunk of an earlier backup; undefined where they cannot be read. */
  read(id: string): Promise<Buffer | undefined>
}

/** Fingerprints of all blocks of a whole cell. */
export function blockFingerprints(fingerprints: Fingerprints, cell: Buffer): Buffer {
  const sums = Buffer.alloc(cellBlocks * fingerprintBytes)
  for (let block = 0; block < cellBlocks; block += 1) {
    const bytes = cell.subarray(block * blockBytes, (block + 1) * blockBytes)
    fingerprints.of(bytes).copy(sums, block * fingerprintBytes)
  }
  return sums
}

/** Bit n: block n differs. */
export function differingBlocks(a: Buffer, b: Buffer): number {
  let mask = 0
  for (let block = 0; block < cellBlocks; block += 1) {
    const start = block * fingerprintBytes
    const end = start + fingerprintBytes
    if (a.compare(b, start, end, start, end) !== 0) mask |= 1 << block
  }
  return mask
}

/** Numbers of the blocks in a mask, in order. */
export function blocksOf(mask: number): number[] {
  return Array.from({ length: cellBlocks }, (_, block) => block).filter(
    (block) => (mask & (1 << block)) !== 0,
  )
}

/** Length of a delta of these blocks, which are whole also where the file ends. */
export function deltaBytes(mask: number): number {
  return blocksOf(mask).length * blockBytes
}

/** Start and length of each run of blocks in a mask, within the cell. */
export function spansOf(mask: number): [number, number][] {
  const spans: [number, number][] = []
  for (const block of blocksOf(mask)) {
    const start = block * blockBytes
    const last = spans.at(-1)
    if (last !== undefined && last[0] + last[1] === start) last[1] += blockBytes
    else spans.push([start, blockBytes])
  }
  return spans
}
