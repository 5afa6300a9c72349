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

  /** A buffer at once, with anything in it, or undefined when all are lent. */
  tryTake(): Buffer | undefined {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#made === this.#limit) return undefined
    this.#made += 1
    // Shared, so that a thread that stores it sees it where it is: a copy of 256 KiB in new memory takes longer than its CRC.
    return Buffer.from(new SharedArrayBuffer(cellBytes))
  }

  /** Waits for a buffer to be given back. Someone must be about to. */
  async wait(): Promise<Buffer> {
    return await new Promise<Buffer>((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  giveBack(buffer: Buffer): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}
