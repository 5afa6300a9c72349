// Tells a source which of its commits are safe here: one acknowledgement for the last of all that it has asked for.
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { ReplicationStream } from '../wire/replication/replication-stream.ts'
import { isAtOrAfter } from './binlog-order.ts'
import { LatencyHistogram, type LatencySummary } from './latency-histogram.ts'

/** What a stream has acknowledged so far. */
export interface AcknowledgementSummary {
  /** From the arrival of the event that asks, until the acknowledgement was sent. */
  readonly commits: LatencySummary
  /** Fewer than commits, where one stood for several. */
  readonly sent: number
}

interface Asked extends BinlogPosition {
  /** By `performance.now()`. */
  readonly arrivedAtMs: number
}

// One commit of each client that waits, so a source with more clients than that at once; then the last ones are told together.
const pendingLimit = 4096

/** Counts over all connections of a stream. */
export class AcknowledgementCounter {
  readonly #latencies = new LatencyHistogram()
  #sent = 0

  note(asked: readonly Asked[], sentAtMs: number): void {
    this.#sent++
    for (const { arrivedAtMs } of asked) this.#latencies.record(sentAtMs - arrivedAtMs)
  }

  /** Undefined while nothing was acknowledged. */
  summary(): AcknowledgementSummary | undefined {
    const commits = this.#latencies.summary()
    return commits === undefined ? undefined : { commits, sent: this.#sent }
  }
}

type Acknowledging = Pick<ReplicationStream, 'acknowledge'>

/** Of one connection: what a source asked for on another one is settled by where the next one begins. */
export class Acknowledger {
  readonly #stream: Acknowledging
  readonly #counter: AcknowledgementCounter
  /** In the order of the log. */
  #asked: Asked[] = []

  constructor(stream: Acknowledging, counter: AcknowledgementCounter) {
    this.#stream = stream
    this.#counter = counter
  }

  /** The source waits until everything before `position` is safe. Asked in the order of the log. */
  ask({ file, offset }: BinlogPosition, arrivedAtMs: number): void {
    const last = this.#asked.at(-1)
    if (last === undefined || this.#asked.length < pendingLimit)
      this.#asked.push({ file, offset, arrivedAtMs })
    else this.#asked[this.#asked.length - 1] = { file, offset, arrivedAtMs: last.arrivedAtMs }
  }

  get isAsked(): boolean {
    return this.#asked.length > 0
  }

  /** Everything before `safe` is safe: acknowledges the last that was asked for of it, if any was. */
  async confirm(safe: BinlogPosition): Promise<void> {
    const first = this.#asked.findIndex((asked) => !isAtOrAfter(safe, asked))
    const confirmed = first < 0 ? this.#asked : this.#asked.slice(0, first)
    const last = confirmed.at(-1)
    if (last === undefined) return
    this.#asked = first < 0 ? [] : this.#asked.slice(first)
    await this.#stream.acknowledge(last.file, last.offset)
    this.#counter.note(confirmed, performance.now())
  }
}
