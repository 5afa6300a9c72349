// Counts how long things took, in memory that does not grow: 32 classes for each doubling of the time.

/** Below 32 µs each microsecond has a class of its own; above, a class is 1/32 of its octave: no time is told more than 3 % too long. */
const classesPerOctave = 32
const firstOctaveBits = 5
// 2^36 µs = 19 hours; what takes longer counts as that.
const largestMicros = 2 ** 36 - 1
const classCount = (36 - firstOctaveBits + 1) * classesPerOctave

export interface LatencySummary {
  /** How many were measured. */
  readonly count: number
  /** In milliseconds: half took no longer, 99 of 100 took no longer, and the longest. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export class LatencyHistogram {
  readonly #counts = new Float64Array(classCount)
  #count = 0
  #maxMicros = 0

  /** `ms`: 0 or more, with fractions. */
  record(ms: number): void {
    const micros = Math.min(largestMicros, Math.max(0, Math.round(ms * 1000)))
    const at = classOf(micros)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#count++
    this.#maxMicros = Math.max(this.#maxMicros, micros)
  }

  /** Undefined while nothing was measured. */
  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined
    return {
      count: this.#count,
      p50Ms: this.#quantile(0.5) / 1000,
      p99Ms: this.#quantile(0.99) / 1000,
      maxMs: this.#maxMicros / 1000,
    }
  }

  /** The largest time of the class in which the quantile lies. */
  #quantile(share: number): number {
    let left = Math.ceil(share * this.#count)
    for (const [at, count] of this.#counts.entries()) {
      left -= count
      if (left <= 0) return Math.min(largestOf(at), this.#maxMicros)
    }
    return this.#maxMicros
  }
}

function classOf(micros: number): number {
  if (micros < classesPerOctave) return micros
  const octave = Math.floor(Math.log2(micros)) - firstOctaveBits
  return (octave + 1) * classesPerOctave + (Math.floor(micros / 2 ** octave) - classesPerOctave)
}

function largestOf(at: number): number {
  if (at < classesPerOctave) return at
  const octave = Math.floor(at / classesPerOctave) - 1
  return (classesPerOctave + (at % classesPerOctave) + 1) * 2 ** octave - 1
}
