// The deltas of a file in the content of a backup: seven bytes for each, as one text, for a file of a terabyte may have four million.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { DeltaMark } from './cell-memory.ts'

/** Number of the cell, u32; its blocks, u16; 1 for a difference, u8. Numbers are little-endian. */
const recordBytes = 4 + 2 + 1

/** In the order of cells. As base64: a number in JSON would be an object of its own to whoever reads it. */
export function encodeDeltas(deltas: Iterable<DeltaMark & { readonly cell: number }>, count: number): string {
  const bytes = Buffer.alloc(count * recordBytes)
  let at = 0
  for (const { cell, blocks, isXor } of deltas) {
    bytes.writeUInt32LE(cell, at)
    bytes.writeUInt16LE(blocks, at + 4)
    bytes.writeUInt8(isXor ? 1 : 0, at + 6)
    at += recordBytes
  }
  return bytes.toString('base64')
}

export class DeltaList {
  readonly #bytes: Buffer

  /** Throws MalformedDataError for what `encodeDeltas` does not write. `file` is named in it. */
  constructor(text: string, file: string) {
    this.#bytes = Buffer.from(text, 'base64')
    const wrong = (offset: number, expected: string, found: string): MalformedDataError =>
      new MalformedDataError({ what: 'list of deltas', file, offset, expected, found })
    const { length } = this.#bytes
    // Node passes over what is not of base64.
    if (text.length !== Math.ceil(length / 3) * 4 || length % recordBytes !== 0) {
      throw wrong(0, `base64 of records of ${recordBytes} bytes`, `${text.length} characters`)
    }
    for (let index = 0, last = -1; index < this.count; index += 1) {
      const { cell, blocks } = this.at(index)
      const how = this.#bytes[index * recordBytes + 6]!
      const at = index * recordBytes
      if (cell <= last) throw wrong(at, `a cell after ${last}`, `${cell}`)
      if (blocks === 0) throw wrong(at + 4, 'a block', 'none')
      if (how > 1) throw wrong(at + 6, '0 or 1', `${how}`)
      last = cell
    }
  }

  get count(): number {
    return this.#bytes.length / recordBytes
  }

  at(index: number): DeltaMark & { readonly cell: number } {
    const at = index * recordBytes
    return {
      cell: this.#bytes.readUInt32LE(at),
      blocks: this.#bytes.readUInt16LE(at + 4),
      isXor: this.#bytes[at + 6] === 1,
    }
  }

  /** Which one is that of this cell; undefined where it has none. */
  find(cell: number): number | undefined {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = this.#bytes.readUInt32LE(middle * recordBytes)
      if (found === cell) return middle
      if (found < cell) low = middle + 1
      else high = middle
    }
    return undefined
  }
}
