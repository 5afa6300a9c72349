// The memory of all cells that are being filled: a fixed number of buffers, lent to whoever waits longest.
import { cellBytes } from '../grid.ts'

export class CellPool {
  readonly #limit: number
  #made = 0
  readonly #free: Buffer[] = []
  readonly #waiting: ((buffer: Buffer) => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A buffer at once, full of zeros, or undefined when all are lent. */
  tryTake(): Buffer | undefined {
    const free = this.#free.pop()
    if (free !== undefined) return free.fill(0)
    if (this.#made === this.#limit) return undefined
    this.#made += 1
    return Buffer.alloc(cellBytes)
  }

  /** Waits for a buffer to be given back. Someone must be about to. */
  async wait(): Promise<Buffer> {
    const buffer = await new Promise<Buffer>((resolve) => {
      this.#waiting.push(resolve)
    })
    return buffer.fill(0)
  }

  giveBack(buffer: Buffer): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}
