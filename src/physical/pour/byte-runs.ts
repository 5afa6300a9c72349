// Which bytes of a cell were written: sorted runs that neither touch nor overlap.

export class ByteRuns {
  /** Start and end, in order. */
  #runs: (readonly [number, number])[] = []

  add(start: number, end: number): void {
    const last = this.#runs.at(-1)
    if (last === undefined || start > last[1]) {
      this.#runs.push([start, end])
      return
    }
    const apart = this.#runs.filter((run) => run[1] < start || run[0] > end)
    const joined = this.#runs.filter((run) => run[1] >= start && run[0] <= end)
    const merged = [
      Math.min(start, joined[0]?.[0] ?? start),
      Math.max(end, joined.at(-1)?.[1] ?? end),
    ] as const
    this.#runs = [...apart, merged].toSorted((a, b) => a[0] - b[0])
  }

  /** Where the last run ends; 0 when nothing was written. */
  get end(): number {
    return this.#runs.at(-1)?.[1] ?? 0
  }

  /** True when every byte of `[0, end)` was written. */
  coversUpTo(end: number): boolean {
    const first = this.#runs[0]
    return end === 0 || (first !== undefined && first[0] === 0 && first[1] >= end)
  }

  /** Makes zeros of what was not written before the end of the last run. */
  clearGaps(bytes: Buffer): void {
    let at = 0
    for (const [start, end] of this.#runs) {
      bytes.fill(0, at, start)
      at = end
    }
  }

  /** Start and length of each. */
  get spans(): [number, number][] {
    return this.#runs.map(([start, end]) => [start, end - start])
  }
}
