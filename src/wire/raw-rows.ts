// Hands the rows of a result to a consumer as the bytes that came from the socket.
import assert from 'node:assert/strict'
import type { PacketChannel } from './packet-channel.ts'
import type { RawRowConsumer } from './results.ts'

/** A packet header and the first byte of its payload tell whether it is a row; less than that may be left over. */
const maxLeftoverBytes = 4

/**
 * Feeds `consumer` until it says that the result has ended; the packet that ends it is the next one in the channel. While a promise
 * of the consumer is pending, at most a fixed amount is read ahead, then the socket is paused.
 */
export async function feedRawRows(channel: PacketChannel, consumer: RawRowConsumer): Promise<void> {
  let leftover: Buffer | undefined
  for (;;) {
    const chunk = channel.tryReadChunk()
    if (chunk === undefined) {
      await channel.moreInput()
      continue
    }
    const bytes = leftover === undefined ? chunk : Buffer.concat([leftover, chunk])
    const taken = consumer.take(bytes)
    const { consumed, ended } = taken instanceof Promise ? await taken : taken
    if (ended) {
      channel.unreadChunk(bytes.subarray(consumed))
      channel.stopCheckingSequence()
      return
    }
    const left = bytes.length - consumed
    assert(left >= 0 && left <= maxLeftoverBytes, `a raw row consumer left ${left} bytes over`)
    leftover = left === 0 ? undefined : bytes.subarray(consumed)
  }
}
