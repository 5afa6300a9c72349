// Hands the rows of a result to a consumer as the bytes that came from the socket.
import assert from 'node:assert/strict'
import type { PacketChannel } from './packet-channel.ts'
import type { RawRowConsumer } from './results.ts'

/** A packet header and the first byte of its payload tell whether it is a row; less than that may be left over. */
const maxLeftoverBytes = 4

/**
 * Feeds `consumer` until it says that the result has ended; the packet that ends it is the next one in the channel. While it waits, at
 * most a fixed amount is read ahead, then the socket is paused.
 */
export async function feedRawRows(channel: PacketChannel, consumer: RawRowConsumer): Promise<void> {
  const feeder = new Feeder(consumer)
  const takeArriving = (bytes: Buffer): Buffer | undefined => feeder.takeArriving(bytes)
  while (!feeder.isEnded) {
    const chunk = channel.tryReadChunk()
    if (chunk === undefined) await channel.moreInput(takeArriving)
    else channel.unreadChunk(feeder.take(chunk))
    await feeder.waited()
  }
  channel.stopCheckingSequence()
}

class Feeder {
  readonly #consumer: RawRowConsumer
  #leftover: Buffer | undefined
  #wait: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  isEnded = false

  constructor(consumer: RawRowConsumer) {
    this.#consumer = consumer
  }

  /** Answers the bytes that were not taken. */
  take(bytes: Buffer): Buffer {
    const whole = this.#leftover === undefined ? bytes : Buffer.concat([this.#leftover, bytes])
    const { consumed, ended, wait } = this.#consumer.take(whole)
    this.#leftover = undefined
    this.isEnded = ended
    this.#wait = wait
    const left = whole.subarray(consumed)
    if (ended || (wait !== undefined && left.length > maxLeftoverBytes)) return left
    assert(left.length <= maxLeftoverBytes, `a raw row consumer left ${left.length} bytes over`)
    // A copy, for the bytes may lie in a buffer that is read into again. Given back, they would come again alone, without end.
    if (left.length > 0) this.#leftover = Buffer.from(left)
    return left.subarray(left.length)
  }

  /** Called while the socket is read, where nobody could catch an error. */
  takeArriving(bytes: Buffer): Buffer | undefined {
    try {
      const left = this.take(bytes)
      return this.isEnded || this.#wait !== undefined ? left : undefined
    } catch (error) {
      this.#failure = { error }
      return bytes.subarray(bytes.length)
    }
  }

  async waited(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    const wait = this.#wait
    this.#wait = undefined
    await wait
  }
}
