// Between the socket and the disk: events wait here while those before them are made durable, and never too many.
/** One writer, one reader. `sizeOf` tells how much an item counts; `put` waits while more than `limit` is waiting. */
export class EventQueue<T> {
  readonly #limit: number
  readonly #sizeOf: (item: T) => number
  #items: T[] = []
  #size = 0
  #isEnded = false
  #isAbandoned = false
  #failure: unknown
  /** Somebody has woken the reader while it was not waiting. */
  #isWoken = false
  #reader: (() => void) | undefined
  #writer: (() => void) | undefined

  constructor(limit: number, sizeOf: (item: T) => number) {
    this.#limit = limit
    this.#sizeOf = sizeOf
  }

  /** Resolves when there is room for more. */
  async put(item: T): Promise<void> {
    this.#items.push(item)
    this.#size += this.#sizeOf(item)
    this.#reader?.()
    if (this.#size < this.#limit || this.#isAbandoned) return
    await new Promise<void>((resolve) => {
      this.#writer = resolve
    })
  }

  /** Nobody reads any more: writers need not wait. */
  abandon(): void {
    this.#isAbandoned = true
    this.#writer?.()
  }

  /** Nothing more will come; with a failure, the reader gets it after what had come before. */
  end(failure?: unknown): void {
    this.#isEnded = true
    this.#failure = failure
    this.#reader?.()
  }

  /** Makes the reader look around: at once, or the next time it would wait. */
  wake(): void {
    this.#isWoken = true
    this.#reader?.()
  }

  /** All that waits; empty after `timeoutMs` or a wake without anything. Undefined at the end. Throws the failure. */
  async takeAll(timeoutMs: number): Promise<T[] | undefined> {
    if (this.#items.length === 0 && !this.#isEnded && !this.#isWoken) await this.#wait(timeoutMs)
    this.#isWoken = false
    const items = this.#items
    this.#items = []
    this.#size = 0
    const writer = this.#writer
    this.#writer = undefined
    writer?.()
    if (items.length > 0 || !this.#isEnded) return items
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  async #wait(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#reader?.(), Math.max(0, timeoutMs))
      this.#reader = () => {
        this.#reader = undefined
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
