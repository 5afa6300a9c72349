// What is left of a cell when its base is taken out of it: zeros, but for what changed.
import { cellBytes } from '../grid.ts'
import { blockBytes, cellBlocks } from './cell-memory.ts'

export interface Difference {
  /** Bit n: block n differs. */
  readonly blocks: number
  /** These blocks, XORed and joined. */
  readonly bytes: Buffer
  /** Of the words of 4 bytes that are not zero in them. */
  readonly changedBytes: number
}

/** `base` is a whole cell like the other, and is used up: the difference is made in it. */
export function takeOut(base: Buffer, cell: Buffer): Difference {
  const [ours, theirs] = [wordsOf(cell), wordsOf(base)]
  const blockWords = blockBytes / 4
  let blocks = 0
  let taken = 0
  let changedWords = 0
  for (let block = 0; block < cellBlocks; block += 1) {
    const start = block * blockWords
    let changed = 0
    for (let word = start; word < start + blockWords; word += 1) {
      const difference = ours[word]! ^ theirs[word]!
      theirs[taken + word - start] = difference
      if (difference !== 0) changed += 1
    }
    if (changed === 0) continue
    blocks |= 1 << block
    taken += blockWords
    changedWords += changed
  }
  return { blocks, bytes: base.subarray(0, taken * 4), changedBytes: changedWords * 4 }
}

/** XORs `patch` into `cell[start, start + patch.length)`. */
export function xorInto(cell: Buffer, start: number, patch: Buffer): void {
  for (let at = 0; at < patch.length; at += 1) cell[start + at]! ^= patch[at]!
}

/** The bytes of a chunk as a whole cell: what it does not reach is zeros. */
export function wholeCell(chunk: Buffer): Buffer {
  const cell = Buffer.alloc(cellBytes)
  chunk.copy(cell)
  return cell
}

function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, cellBytes / 4)
}
