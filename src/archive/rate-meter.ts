// How many bytes a second have come lately.

/** Long enough to even out bursts, short enough to be the present. */
const windowMs = 60_000
const sampleMs = 1000

export class RateMeter {
  /** Oldest first. */
  readonly #samples: { readonly atMs: number; readonly total: number }[] = []
  #last = { atMs: 0, total: 0 }

  /** `total` since the start, at a moment of any clock that only moves on. */
  note(total: number, atMs: number): void {
    this.#last = { atMs, total }
    if (atMs - (this.#samples.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) >= sampleMs)
      this.#samples.push(this.#last)
    while (atMs - (this.#samples[1]?.atMs ?? atMs) > windowMs) this.#samples.shift()
  }

  /** 0 while nothing comes, or nobody can say yet. */
  get bytesPerSecond(): number {
    const first = this.#samples[0]
    const elapsedMs = first === undefined ? 0 : this.#last.atMs - first.atMs
    return first === undefined || elapsedMs <= 0 ? 0 : ((this.#last.total - first.total) * 1000) / elapsedMs
  }
}
