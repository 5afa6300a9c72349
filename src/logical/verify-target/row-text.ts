// LOAD DATA text, cut into rows and cells.

const tab = 0x09
const lineFeed = 0x0a

/** Cuts text that comes in pieces into rows, without the LF at their end. A row that spans pieces is held whole. */
export class RowCutter {
  #parts: Buffer[] = []

  /** The rows may share memory with `piece`. */
  cut(piece: Buffer, onRow: (row: Buffer) => void): void {
    let start = 0
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, start)) {
      const rest = piece.subarray(start, at)
      start = at + 1
      if (this.#parts.length === 0) onRow(rest)
      else {
        const row = Buffer.concat([...this.#parts, rest])
        this.#parts = []
        onRow(row)
      }
    }
    if (start < piece.length) this.#parts.push(Buffer.from(piece.subarray(start)))
  }
}

/** The cells of a row, as they are written. */
export function cellTexts(row: Buffer): readonly Buffer[] {
  const cells: Buffer[] = []
  let start = 0
  for (let at = row.indexOf(tab); at >= 0; at = row.indexOf(tab, start)) {
    cells.push(row.subarray(start, at))
    start = at + 1
  }
  cells.push(row.subarray(start))
  return cells
}

/** The cells at these places. */
export function keyText(row: Buffer, key: readonly number[]): Buffer {
  const cells = cellTexts(row)
  return rowOf(key.map((at) => cells[at] ?? Buffer.alloc(0)))
}

export function rowOf(cells: readonly Buffer[]): Buffer {
  return Buffer.concat(cells.flatMap((cell, at) => (at === 0 ? [cell] : [separator, cell])))
}

const separator = Buffer.of(tab)
