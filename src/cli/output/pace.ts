// How fast a phase goes, from what it did in the last half minute, and how long it may still take.
import type { ProgressEvent } from '../../core/events.ts'

export interface Speed {
  /** Of the event's unit. */
  readonly perSecond: number
  readonly rowsPerSecond?: number
}

export interface Rates extends Partial<Speed> {
  /** Absent while nobody can tell. */
  readonly leftMs?: number
  /** More is to come than is counted. */
  readonly isLeftAtLeast?: boolean
}

interface Sample {
  readonly atMs: number
  readonly done: number
  readonly rows: number | undefined
}

// Long enough that chunks of megabytes and single slow statements even out, short enough that a change shows.
const windowMs = 30_000
// What is left would only jump about in the first seconds, and is unreadable when it changes more often than once a second.
const settledAfterMs = 3000
const toldEveryMs = 1000

/** Of one phase: begins with its first progress event, whose `done` is not counted (a resumed phase does not begin at 0). */
export class Pace {
  readonly #first: Sample
  /** A second apart, of the last half minute and one before. */
  #samples: Sample[]
  #latest: ProgressEvent
  #told: { readonly atMs: number; readonly rates: Rates } | undefined

  constructor(event: ProgressEvent, nowMs: number) {
    this.#first = sampleOf(event, nowMs)
    this.#samples = [this.#first]
    this.#latest = event
  }

  get latest(): ProgressEvent {
    return this.#latest
  }

  note(event: ProgressEvent, nowMs: number): void {
    this.#latest = event
    const last = this.#samples.at(-1) ?? this.#first
    if (nowMs - last.atMs < 1000) return
    this.#samples.push(sampleOf(event, nowMs))
    const isOld = (sample: Sample | undefined): boolean =>
      sample !== undefined && nowMs - sample.atMs >= windowMs
    while (isOld(this.#samples[1])) this.#samples.shift()
  }

  /** Now; the same for a second. Nothing while the phase stands still. */
  rates(nowMs: number): Rates {
    if (this.#told !== undefined && nowMs - this.#told.atMs < toldEveryMs) return this.#told.rates
    const rates = this.#ratesAt(nowMs)
    this.#told = { atMs: nowMs, rates }
    return rates
  }

  /** Of the whole phase so far. */
  average(nowMs: number): Speed | undefined {
    return this.#speedSince(this.#first, nowMs)
  }

  #ratesAt(nowMs: number): Rates {
    const recent = this.#samples.find(({ atMs }) => nowMs - atMs <= windowMs) ?? this.#samples.at(-1)
    const speed = this.#speedSince(recent ?? this.#first, nowMs)
    if (speed === undefined) return {}
    const { total, done, isAtLeast, followedBy } = this.#latest
    const isSettled = nowMs - this.#first.atMs >= settledAfterMs
    if (!isSettled || total === undefined || total <= done) return speed
    const isLeftAtLeast = isAtLeast === true || followedBy !== undefined
    const leftMs = ((total - done) / speed.perSecond) * 1000
    return { ...speed, leftMs, ...(isLeftAtLeast ? { isLeftAtLeast } : {}) }
  }

  #speedSince(from: Sample, nowMs: number): Speed | undefined {
    const seconds = (nowMs - from.atMs) / 1000
    const done = this.#latest.done - from.done
    if (seconds < 1 || done <= 0) return undefined
    const { rows } = this.#latest
    const perSecond = done / seconds
    return rows === undefined || from.rows === undefined
      ? { perSecond }
      : { perSecond, rowsPerSecond: (rows - from.rows) / seconds }
  }
}

function sampleOf({ done, rows }: ProgressEvent, atMs: number): Sample {
  return { atMs, done, rows }
}
