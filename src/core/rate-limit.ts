// A bound on bytes a second that all threads of a process keep together, without asking each other.
import { setTimeout as sleep } from 'node:timers/promises'

/** Plain data: may be posted to a thread, where `new RateLimit` makes the same limit of it. */
export interface RateTicket {
  readonly bytesPerSecond: number
  /** One 64-bit number: the nanosecond, by the monotonic clock of the process, at which all bytes counted so far may have come; 0 before any. */
  readonly paidUntil: SharedArrayBuffer
}

// A timer is late by a millisecond or more, so what it gives away may be caught up with; longer pauses are no credit.
const creditNanos = 200_000_000n

// Shorter waits are left to the next ones: a timer for each read of 64 KiB at 50 MiB a second would be one for every 1.3 ms.
const leastWaitMs = 20

/**
 * Bytes are counted when they have come, and then waited for: from the first byte to the end of the last wait never more than
 * `bytesPerSecond` have come a second. Who counts first waits least, so threads get fair shares whoever reads more.
 */
export class RateLimit {
  readonly ticket: RateTicket
  readonly #paidUntil: BigInt64Array
  /** For the bytes that were counted here. */
  #due = 0n

  constructor(ticket: RateTicket) {
    this.ticket = ticket
    this.#paidUntil = new BigInt64Array(ticket.paidUntil)
  }

  static of(bytesPerSecond: number): RateLimit {
    return new RateLimit({ bytesPerSecond, paidUntil: new SharedArrayBuffer(8) })
  }

  /** Counts bytes. Answers what to wait for before more are asked for, if anything. */
  spend(bytes: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    const cost = BigInt(Math.ceil((bytes * 1e9) / this.ticket.bytesPerSecond))
    const now = process.hrtime.bigint()
    for (;;) {
      const paid = Atomics.load(this.#paidUntil, 0)
      const earliest = now - creditNanos
      const start = paid === 0n ? now : paid > earliest ? paid : earliest
      // Another thread that counted meanwhile has moved it.
      if (Atomics.compareExchange(this.#paidUntil, 0, paid, start + cost) !== paid) continue
      this.#due = start + cost
      return this.#wait(now, leastWaitMs, signal)
    }
  }

  /** Resolves when all bytes that were counted here may have come, or on abort. */
  async settle(signal: AbortSignal | undefined): Promise<void> {
    await this.#wait(process.hrtime.bigint(), 1, signal)
  }

  #wait(now: bigint, leastMs: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    const waitMs = Math.ceil(Number(this.#due - now) / 1e6)
    if (waitMs < leastMs || signal?.aborted === true) return undefined
    // Who is cancelled has to read on to the end of what the server still sends, at once; it is told elsewhere why.
    return sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}
