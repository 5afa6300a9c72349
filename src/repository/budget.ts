// A bound on bytes under way: takers wait, in order, until there is room.

interface Waiter {
  readonly cost: number
  readonly admit: () => void
}

export class Budget {
  readonly #limit: number
  #taken = 0
  readonly #waiting: Waiter[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Waits for room and takes it; whatever asks for more than all there is gets all of it. Answers what to give back. */
  async take(cost: number): Promise<number> {
    const own = Math.min(cost, this.#limit)
    if (this.#waiting.length > 0 || this.#taken + own > this.#limit) {
      await new Promise<void>((admit) => {
        this.#waiting.push({ cost: own, admit })
      })
    } else this.#taken += own
    return own
  }

  give(cost: number): void {
    this.#taken -= cost
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || this.#taken + next.cost > this.#limit) return
      this.#waiting.shift()
      this.#taken += next.cost
      next.admit()
    }
  }
}
